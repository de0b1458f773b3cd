"""Every answer of a fitted model as bytes, to hold a copy of it against."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import scipy.sparse as sp

HISTORY = sp.csr_array(([3.0, 1.0, 2.0, 5.0], ([0, 0, 0, 1], [1, 4, 9, 3])), shape=(3, 40))


def answers(model: Any) -> dict[str, Any]:
    """For a model of 60 users x 40 items, by the names of its methods."""
    users, items = (index.decode(np.arange(size)) for index, size in ((model.user_index_, 60), (model.item_index_, 40)))
    given: dict[str, Any] = {
        "recommend": model.recommend(users, n=7),
        "recommend again": model.recommend(users, n=40, exclude_seen=False),
        "recommend some": model.recommend(
            users, 5, items=items[3:], exclude=items[7:9], exclude_per_user={users[0]: items[10:12]}, min_score=0.01
        ),
        "recommend strangers": model.recommend([users[0], stranger(users)], n=5, unknown="popular"),
        "recommend_indices": model.recommend_indices(np.arange(60), 7),
        "recommend_users": model.recommend_users(items, n=6, users=users[5:]),
        "predict": model.predict(users[:40], items),
        "predict_indices": model.predict_indices(np.arange(40), np.arange(40)),
        "get_params": repr(model.get_params()),
        "titles": model.titles(items),
    }
    calls = {
        "similar_items": lambda ask: ask(items, n=5),
        "to_numpy": lambda ask: [] if model._fitted_params_.get("neighbors") else ask(),
        "similar_users": lambda ask: ask(users, n=5),
        "recommend_for": lambda ask: ask(HISTORY, n=6),
        "transform_users": lambda ask: ask(HISTORY),
        "transform_items": lambda ask: ask(sp.csr_array(([1.0], ([0], [5])), shape=(1, 60))),
        "analogy": lambda ask: ask(items[:2], items[3:4], n=5),
        "explain": lambda ask: [ask(users[u : u + 1], items[3:4]) for u in range(5)],
    }
    given |= {name: call(getattr(model, name)) for name, call in calls.items() if hasattr(model, name)}
    names = [name for name in sorted(vars(model)) if name.endswith("_") and name[0] != "_" and name != "models_"]
    given |= {
        name: getattr(model, name) for name in [*names, *(["similarity_"] if hasattr(model, "similarity_") else [])]
    }
    return {name: plain(value) for name, value in given.items() if not name.endswith("index_")}


def stranger(ids: Any) -> Any:
    """An id of the same kind that is none of them."""
    return ids.max() + 1 if ids.dtype.kind in "iu" else max(ids.tolist()) + "?"


def plain(value: Any) -> Any:
    """Arrays as dtype and bytes."""
    if isinstance(value, np.ndarray):
        return (value.tolist() if value.dtype.kind == "O" else value.tobytes().hex()), str(value.dtype), value.shape
    if sp.issparse(value):
        return [plain(part) for part in (value.data, value.indices, value.indptr)]
    if hasattr(value, "counts"):
        return [plain(part) for part in (value.ids, value.scores, value.counts)]
    return [plain(part) for part in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":  # answers.py FILE...: prints those of each model
    import coals
    import model_cases  # noqa: F401  (defines the classes of some)

    print({path: answers(coals.load(path)) for path in sys.argv[1:]})
