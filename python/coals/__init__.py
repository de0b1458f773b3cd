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
    from coals.models.als.explicit import ExplicitALS as ExplicitALS
    from coals.models.als.glove import GloVe as GloVe
    from coals.models.als.implicit import ImplicitALS as ImplicitALS
    from coals.models.factors.bpr import BPR as BPR
    from coals.models.factors.sgd_factorization import SGDFactorization as SGDFactorization
    from coals.models.factors.svd import SVD as SVD
    from coals.models.hybrid import Hybrid as Hybrid
    from coals.models.knn.item_cooccurrence import ItemCooccurrence as ItemCooccurrence
    from coals.models.knn.item_knn import ItemKNN as ItemKNN
    from coals.models.knn.user_knn import UserKNN as UserKNN
    from coals.models.linear.content_knn import ContentKNN as ContentKNN
    from coals.models.linear.ease import EASE as EASE
    from coals.models.linear.graph_filter import GraphFilter as GraphFilter
    from coals.models.linear.rp3beta import RP3beta as RP3beta
    from coals.models.linear.sparse_ease import SparseEASE as SparseEASE
    from coals.models.popularity import Popularity as Popularity

__version__: str = _core.version

__all__ = [
    "Comparison",
    "Curve",
    "EarlyStopping",
    "Evaluation",
    "Events",
    "Explanation",
    "FileFormatError",
    "Interactions",
    "MemoryEstimate",
    "NotFittedError",
    "Recommendations",
    "Recommender",
    "SearchResult",
    "Sweep",
    "Table",
    "Trial",
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

#: The models, by their public name, which is also their name in files. None of them is loaded by `import coals`: it
#: would take twice as long. The command line, `load`, the comparison of all models and the contract tests read this
#: table; for type checkers a model is also imported above.
MODELS = {
    "BPR": "coals.models.factors.bpr",
    "ContentKNN": "coals.models.linear.content_knn",
    "EASE": "coals.models.linear.ease",
    "ExplicitALS": "coals.models.als.explicit",
    "GloVe": "coals.models.als.glove",
    "GraphFilter": "coals.models.linear.graph_filter",
    "Hybrid": "coals.models.hybrid",
    "ImplicitALS": "coals.models.als.implicit",
    "ItemCooccurrence": "coals.models.knn.item_cooccurrence",
    "ItemKNN": "coals.models.knn.item_knn",
    "Popularity": "coals.models.popularity",
    "RP3beta": "coals.models.linear.rp3beta",
    "SGDFactorization": "coals.models.factors.sgd_factorization",
    "SVD": "coals.models.factors.svd",
    "SparseEASE": "coals.models.linear.sparse_ease",
    "UserKNN": "coals.models.knn.user_knn",
}

__all__ += MODELS

#: Where names are that a plain `import coals` does not wait for; modules stand for themselves.
_LAZY = {
    **MODELS,
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
