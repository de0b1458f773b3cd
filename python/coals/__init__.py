"""coals: co-occurrence and alternating least squares. A fast recommender core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coals import _core, metrics, rerank, split
from coals._util.config import show_config
from coals.data.events import Events
from coals.data.interactions import Interactions
from coals.data.tables import Table
from coals.embedding import core_start, get_cmake_dir, get_include
from coals.evaluation import Comparison, Curve, Evaluation, evaluate, precision_recall_curve
from coals.evaluation.fold_in import evaluate_fold_in
from coals.models.base import NotFittedError, Recommender
from coals.models.early_stopping import EarlyStopping
from coals.models.explanation import Explanation
from coals.models.sweeps import Sweep
from coals.persistence.model_classes import MODULES
from coals.persistence.saving import load
from coals.persistence.tensor_file import FileFormatError
from coals.ranking.recommendations import Recommendations
from coals.ranking.topk import top_k
from coals.similarities.event_cooccurrence import event_cooccurrence
from coals.similarities.similarity import cooccurrence, similarity
from coals.tuning.result import SearchResult, Trial
from coals.tuning.search import search

if TYPE_CHECKING:  # and else when first asked for: see __getattr__
    from coals.memory import MemoryEstimate, estimate_memory
    from coals.models.als.explicit import ExplicitALS
    from coals.models.als.glove import GloVe
    from coals.models.als.implicit import ImplicitALS
    from coals.models.factors.bpr import BPR
    from coals.models.factors.sgd_factorization import SGDFactorization
    from coals.models.factors.svd import SVD
    from coals.models.hybrid import Hybrid
    from coals.models.knn.item_cooccurrence import ItemCooccurrence
    from coals.models.knn.item_knn import ItemKNN
    from coals.models.knn.user_knn import UserKNN
    from coals.models.linear.content_knn import ContentKNN
    from coals.models.linear.ease import EASE
    from coals.models.linear.graph_filter import GraphFilter
    from coals.models.linear.rp3beta import RP3beta
    from coals.models.popularity import Popularity

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
