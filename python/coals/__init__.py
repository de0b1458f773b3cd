"""coals: co-occurrence and alternating least squares. A fast recommender core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coals import _core, metrics, rerank, split
from coals._config import show_config
from coals._embedding import core_start, get_cmake_dir, get_include
from coals._model_classes import MODULES
from coals._saving import load
from coals._sweeps import Sweep
from coals._tensor_file import FileFormatError
from coals.base import NotFittedError, Recommender
from coals.early_stopping import EarlyStopping
from coals.evaluation import Comparison, Curve, Evaluation, evaluate, precision_recall_curve
from coals.evaluation_fold_in import evaluate_fold_in
from coals.event_cooccurrence import event_cooccurrence
from coals.events import Events
from coals.explanation import Explanation
from coals.interactions import Interactions
from coals.recommendations import Recommendations
from coals.search import search
from coals.search_result import SearchResult, Trial
from coals.similarity import cooccurrence, similarity
from coals.tables import Table
from coals.topk import top_k

if TYPE_CHECKING:  # and else when first asked for: see __getattr__
    from coals.bpr import BPR
    from coals.content_knn import ContentKNN
    from coals.ease import EASE
    from coals.explicit_als import ExplicitALS
    from coals.glove import GloVe
    from coals.graph_filter import GraphFilter
    from coals.hybrid import Hybrid
    from coals.implicit_als import ImplicitALS
    from coals.item_cooccurrence import ItemCooccurrence
    from coals.item_knn import ItemKNN
    from coals.memory import MemoryEstimate, estimate_memory
    from coals.popularity import Popularity
    from coals.rp3beta import RP3beta
    from coals.sgd_factorization import SGDFactorization
    from coals.svd import SVD
    from coals.user_knn import UserKNN

__version__: str = _core.version

__all__ = [
    "BPR",
    "EASE",
    "SVD",
    "Comparison",
    "ContentKNN",
    "Curve",
    "EarlyStopping",
    "Evaluation",
    "Events",
    "Explanation",
    "ExplicitALS",
    "FileFormatError",
    "GloVe",
    "GraphFilter",
    "Hybrid",
    "ImplicitALS",
    "Interactions",
    "ItemCooccurrence",
    "ItemKNN",
    "MemoryEstimate",
    "NotFittedError",
    "Popularity",
    "RP3beta",
    "Recommendations",
    "Recommender",
    "SGDFactorization",
    "SearchResult",
    "Sweep",
    "Table",
    "Trial",
    "UserKNN",
    "__version__",
    "cooccurrence",
    "core_start",
    "datasets",
    "estimate_memory",
    "evaluate",
    "evaluate_fold_in",
    "event_cooccurrence",
    "get_cmake_dir",
    "get_include",
    "load",
    "metrics",
    "neural",
    "plot",
    "precision_recall_curve",
    "reference",
    "rerank",
    "search",
    "show_config",
    "similarity",
    "split",
    "top_k",
]

#: Where names are that a plain `import coals` does not wait for; modules stand for themselves.
_LAZY = {
    **MODULES,
    "MemoryEstimate": "coals.memory",
    "estimate_memory": "coals.memory",
    **{name: f"coals.{name}" for name in ("datasets", "neural", "plot", "reference")},
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'coals' has no attribute {name!r}")
    import importlib

    module = importlib.import_module(_LAZY[name])
    found = module if module.__name__ == f"coals.{name}" else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
