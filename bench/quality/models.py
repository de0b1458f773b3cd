"""All models for one table: how each is made, what a search tries, and why some rank no better than popularity."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import coals

__all__ = ["BELOW_POPULARITY", "Entry", "contenders"]

RATINGS = "rmse"
RANKS = "ndcg@10"


class Entry(NamedTuple):
    """A line of the table: a model with seed and threads set, and the values that a search draws from."""

    make: Callable[..., Any]
    space: Mapping[str, list[Any]] = MappingProxyType({})
    metric: str = RANKS
    #: Models of these lines, by the name they have in it: for hybrids.
    members: tuple[str, ...] = ()


#: Why a line may be below popularity: what it is fitted to is not what people pick.
BELOW_POPULARITY = {
    RATINGS: "is fitted to ratings and ranks by them: it has learned how things are rated, never which are picked",
    "ContentKNN": "knows titles and the like alone, not who has what",
}


def contenders() -> dict[str, Entry]:
    """The lines of the table, those of `coals.neural` only where PyTorch is installed."""
    lines: dict[str, Entry] = {
        "Popularity": Entry(coals.Popularity),
        "ItemCooccurrence": Entry(
            coals.ItemCooccurrence, {"similarity": ["jaccard", "cosine", "npmi"], "neighbors": [20, 50, 100, 200]}
        ),
        "ItemKNN": Entry(
            coals.ItemKNN,
            {"similarity": ["cosine", "bm25", "tfidf"], "neighbors": [20, 50, 100, 200], "shrinkage": [0, 10, 50]},
        ),
        "ItemKNN, ratings": Entry(
            lambda **p: coals.ItemKNN(similarity="centered_cosine", scoring="rating", **p),
            {"shrinkage": [5, 20, 100], "used_neighbors": [20, 40, 80], "min_overlap": [1, 3]},
            RATINGS,
        ),
        "UserKNN": Entry(
            coals.UserKNN, {"similarity": ["cosine", "jaccard"], "neighbors": [50, 100, 200, 400], "shrinkage": [0, 10]}
        ),
        "ExplicitALS": Entry(
            lambda **p: coals.ExplicitALS(regularization_exponent=0.5, **p),
            {"factors": [8, 16, 32, 64], "regularization": [0.3, 0.6, 1.0, 1.5]},
            RATINGS,
        ),
        "ImplicitALS": Entry(
            lambda **p: coals.ImplicitALS(regularization_exponent=1.0, **p),
            {"factors": [32, 64, 128], "regularization": [0.05, 0.2, 0.5, 1.0], "unobserved_weight": [0.1, 0.3, 1.0]},
        ),
        "SVD": Entry(coals.SVD, {"factors": [16, 32, 64, 128], "exponent": [0.0, 0.5, 1.0]}),
        "EASE": Entry(coals.EASE, {"regularization": [10.0, 30.0, 100.0, 300.0, 1000.0]}),
        "RP3beta": Entry(
            coals.RP3beta, {"alpha": [0.6, 0.8, 1.0, 1.2], "beta": [0.2, 0.4, 0.6, 0.8], "neighbors": [50, 200]}
        ),
        "GraphFilter": Entry(coals.GraphFilter, {"factors": [32, 64, 128, 256], "alpha": [0.0, 0.1, 0.3, 0.6]}),
        "SGDFactorization": Entry(
            coals.SGDFactorization,
            {"factors": [8, 32, 64], "regularization": [0.02, 0.05, 0.1, 0.2], "iterations": [10, 20, 40]},
            RATINGS,
        ),
        "BPR": Entry(
            coals.BPR,
            {"factors": [64, 128], "regularization": [0.01, 0.02, 0.03], "learning_rate": [0.05, 0.1],
             "iterations": [120, 240]},
        ),
        "GloVe": Entry(
            coals.GloVe, {"factors": [32, 64, 128], "x_max": [10.0, 100.0], "regularization": [0.1, 0.3, 1.0, 3.0]}
        ),
        "ContentKNN": Entry(coals.ContentKNN, {"neighbors": [10, 30, 100, None]}),
        "Hybrid": Entry(
            coals.Hybrid,
            {"weights": [{"EASE": 1.0, "ImplicitALS": a, "RP3beta": b} for a in (0.3, 1.0) for b in (0.0, 0.3, 1.0)]},
            members=("EASE", "ImplicitALS", "RP3beta"),
        ),
    }  # fmt: skip
    return lines | (_neural() if importlib.util.find_spec("torch") else {})


def _neural() -> dict[str, Entry]:
    try:
        neural: Any = importlib.import_module("coals.neural")
    except ImportError:
        return {}
    embeddings: dict[str, list[Any]] = {"factors": [8, 16, 32], "weight_decay": [0.1, 0.3, 1.0]}
    lines: dict[str, tuple[dict[str, list[Any]], str]] = {
        "MultVAE": (
            {"layers": [[200], [600, 200]], "beta": [0.05, 0.2, 0.5], "learning_rate": [0.001, 0.003]}, RANKS
        ),
        "MultDAE": (
            {"layers": [[100], [200], [400]], "weight_decay": [0.001, 0.01, 0.1], "dropout": [0.3, 0.5]}, RANKS
        ),
        "EmbeddingDot": (embeddings, RATINGS),
        "EmbeddingDotBias": (embeddings, RATINGS),
        "EmbeddingNet": (
            {"factors": [16, 32], "layers": [[32], [64]], "weight_decay": [0.03, 0.1, 0.3]}, RATINGS
        ),
        "AutoRec": (
            {"based_on": ["items", "users"], "factors": [50, 100], "weight_decay": [1.0, 2.0, 4.0]}, RATINGS
        ),
        "CFNADE": (
            {"layers": [[50], [100]], "factors": [10, 20], "weight_decay": [0.2, 0.3, 0.5]}, RATINGS
        ),
    }  # fmt: skip
    return {name: Entry(getattr(neural, name), *line) for name, line in lines.items() if hasattr(neural, name)}
