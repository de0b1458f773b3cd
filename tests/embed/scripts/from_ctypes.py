"""The same through ctypes: from_ctypes.py FOLDER. With Numba installed, a compiled loop folds in one user at a time."""

import ctypes as c
import sys
from pathlib import Path

import core_table
import numpy as np

folder = Path(sys.argv[1])
row_begin, column, value = (np.fromfile(folder / name, dtype) for name, dtype in
                            (("row_begin", np.int64), ("column", np.int32), ("value", np.float32)))  # fmt: skip
n_users, n_items = np.fromfile(folder / "size", np.int64).tolist()
api, error, model = core_table.table(), core_table.Error(c.sizeof(core_table.Error)), c.c_void_p()
data = core_table.csr(row_begin, column, value, n_items)
options = core_table.FitOptions(factors=32, iterations=4, seed=7)


def address(thing):
    return c.addressof(thing)


assert api.fit_implicit(address(data), address(options), None, address(model), address(error)) == 0, error.message

users = np.arange(100)
ids, scores, counts = np.empty((100, 10), np.int64), np.empty((100, 10), np.float32), np.empty(100, np.int64)
lists = core_table.Lists(c.sizeof(core_table.Lists), 10, ids.ctypes.data, scores.ctypes.data, counts.ctypes.data)
assert api.recommend(model, users.ctypes.data, 100, None, None, address(lists), address(error)) == 0, error.message
ids.tofile(folder / "ctypes_implicit_ids")
scores.tofile(folder / "ctypes_implicit_scores")

# Lists by an index of vectors from anywhere: here of what Python learnt.
vectors = [np.fromfile(folder / f"py_implicit_{side}", np.float32).reshape(-1, 32) for side in ("users", "items")]
queries, items = (core_table.Matrix(c.sizeof(core_table.Matrix), *given.shape, given.ctypes.data, 0, 0)
                  for given in (vectors[0][:100], vectors[1]))  # fmt: skip
begin = np.ascontiguousarray(row_begin[:101])
seen = core_table.csr(begin, column[: begin[-1]], value[: begin[-1]], n_items)
kept = core_table.Filter(size=c.sizeof(core_table.Filter), excluded=address(seen))
index = c.c_void_p()
assert api.index_create(address(items), None, address(index), address(error)) == 0, error.message
assert api.index_top_k(index, address(queries), address(kept), None, address(lists), address(error)) == 0, error.message
ids.tofile(folder / "ctypes_index_ids")
scores.tofile(folder / "ctypes_index_scores")
api.index_free(index)

options.factors = -1
assert api.fit_implicit(address(data), address(options), None, address(c.c_void_p()), address(error)) == 1
assert b"factors must be" in error.message, error.message

try:
    import numba
except ModuleNotFoundError:
    print("numba is not installed: its part was not tried")
else:
    fold_in = api.fold_in  # a function of ctypes: Numba calls it directly
    folded = np.empty((100, 32), np.float32)
    begins = [row_begin[u : u + 2] - row_begin[u] for u in range(100)]
    entries = [slice(*row_begin[u : u + 2]) for u in range(100)]
    rows = [core_table.csr(begins[u], column[entries[u]], value[entries[u]], n_items) for u in range(100)]
    outs = [core_table.Matrix(c.sizeof(core_table.Matrix), 1, 32, folded[u].ctypes.data, 0, 0) for u in range(100)]
    row_at, out_at = (np.array([address(one) for one in many]) for many in (rows, outs))

    @numba.njit
    def fold_all(handle, row_at, out_at):
        failures = 0
        for k in range(len(row_at)):
            failures += fold_in(handle, 0, row_at[k], 0, 0, out_at[k], 0, 0) != 0
        return failures

    assert fold_all(model.value, row_at, out_at) == 0
    folded.tofile(folder / "numba_implicit_folded")
api.model_free(model)
