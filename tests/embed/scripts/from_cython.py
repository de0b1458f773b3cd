"""The same through the Cython extension: from_cython.py FOLDER, with `consumer` on the path."""

import sys
from pathlib import Path

import consumer
import numpy as np

folder = Path(sys.argv[1])
arrays = [np.fromfile(folder / name, dtype) for name, dtype in
          (("row_begin", np.int64), ("column", np.int32), ("value", np.float32))]  # fmt: skip
items = int(np.fromfile(folder / "size", np.int64)[1])
model = consumer.Fitted.fit(*arrays, items, 32, 4, 7)
model.user_factors().tofile(folder / "cython_implicit_users")
ids, scores = model.recommend(np.arange(100), 10)
ids.tofile(folder / "cython_implicit_ids")
scores.tofile(folder / "cython_implicit_scores")
last = int(arrays[0][100])
folded = np.empty((100, 32), np.float32)
model.fold_in(arrays[0][:101], arrays[1][:last], arrays[2][:last], folded)
folded.tofile(folder / "cython_implicit_folded")
