"""The models that every shared test runs over, small and seeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

import coals
from coals.data.weights import check_weights
from neural_models import NEURAL


class WithSides:
    """Makes features, and weights where there can be some, of whatever data comes: the numbers of entries."""

    def _problem(self, data: Any, weights: Any, features: Any, start: Any) -> Any:
        counts = np.diff(data.matrix.indptr), np.bincount(data.matrix.indices, minlength=data.n_items)
        features = [sp.csr_array(np.log1p(count)[:, None]) for count in counts]
        if self.predicts_ratings:  # type: ignore[attr-defined]
            weights = check_weights(1 + data.matrix.data % 2, data, self.dtype)  # type: ignore[attr-defined]
        return super()._problem(data, weights, features, start)  # type: ignore[misc]


class ExplicitWithSides(WithSides, coals.ExplicitALS):
    pass


class ImplicitWithSides(WithSides, coals.ImplicitALS):
    pass


class ContentOfUsers(coals.ContentKNN):
    """Makes features of whatever data comes: who has the item."""

    def fit(self, X: Any, *, progress: bool | None = None) -> Any:
        data = self._start_fit(X)
        return super().fit(data, item_features=(data.matrix.T != 0).astype(float), progress=progress)


def hybrid(**p: Any) -> Any:
    models = {"knn": coals.ItemKNN(), "ease": coals.EASE(regularization=5)}
    return coals.Hybrid(**{"models": models, **p})


MODELS: dict[str, Callable[..., Any]] = {
    "popularity": lambda **p: coals.Popularity(**p),
    "popularity-sum": lambda **p: coals.Popularity(by="sum", **p),
    "cooccurrence": lambda **p: coals.ItemCooccurrence(**p),
    "cooccurrence-cut": lambda **p: coals.ItemCooccurrence(similarity="cosine", neighbors=5, **p),
    "item-knn": lambda **p: coals.ItemKNN(**p),
    "item-knn-normalized": lambda **p: coals.ItemKNN(scoring="normalized", neighbors=6, dtype="float64", **p),
    "item-knn-weighted": lambda **p: coals.ItemKNN(weighted=True, scoring="mean", neighbors=7, shrinkage=2, **p),
    "item-knn-rating": lambda **p: coals.ItemKNN(similarity="pearson", scoring="rating", min_overlap=2, **p),
    "item-knn-used": lambda **p: coals.ItemKNN(similarity="centered_cosine", scoring="rating", used_neighbors=3, **p),
    "user-knn": lambda **p: coals.UserKNN(neighbors=20, **p),
    "user-knn-normalized": lambda **p: coals.UserKNN(scoring="normalized", similarity="jaccard", neighbors=9, **p),
    "user-knn-weighted": lambda **p: coals.UserKNN(weighted=True, scoring="mean", dtype="float64", **p),
    "user-knn-rating": lambda **p: coals.UserKNN(similarity="msd", scoring="rating", dtype="float64", **p),
    "user-knn-used": lambda **p: coals.UserKNN(scoring="rating", used_neighbors=3, neighbors=20, **p),
    "explicit": lambda **p: coals.ExplicitALS(factors=5, iterations=3, random_state=0, **p),
    "explicit-separate": lambda **p: coals.ExplicitALS(
        factors=5, iterations=3, random_state=0, bias_update="separate", **p
    ),
    "explicit-plain": lambda **p: coals.ExplicitALS(factors=5, iterations=3, random_state=0, biases=False, **p),
    "explicit-64": lambda **p: coals.ExplicitALS(factors=5, iterations=3, random_state=0, dtype="float64", **p),
    "implicit": lambda **p: coals.ImplicitALS(factors=5, iterations=3, random_state=0, **p),
    "implicit-ials": lambda **p: coals.ImplicitALS(
        factors=5, iterations=3, random_state=0, objective="ials", regularization_exponent=1.0, **p
    ),
    "explicit-sides": lambda **p: ExplicitWithSides(factors=5, iterations=3, random_state=0, **p),
    "explicit-nonnegative": lambda **p: coals.ExplicitALS(
        factors=5, iterations=3, random_state=0, nonnegative=True, regularization=0.1, **p
    ),
    "implicit-sides": lambda **p: ImplicitWithSides(factors=5, iterations=3, random_state=0, solver="cg", **p),
    "implicit-nonnegative": lambda **p: coals.ImplicitALS(
        factors=5, iterations=3, random_state=0, nonnegative=True, **p
    ),
    "implicit-block": lambda **p: coals.ImplicitALS(
        factors=20, iterations=3, random_state=0, solver="block", block_size=8, dtype="float64", **p
    ),
    "svd": lambda **p: coals.SVD(factors=5, random_state=0, **p),
    "svd-user-mean": lambda **p: coals.SVD(factors=4, center="user", exponent=0.5, random_state=0, **p),
    "svd-item-mean": lambda **p: coals.SVD(factors=4, center="item", dtype="float64", random_state=0, **p),
    "svd-neighbors": lambda **p: coals.SVD(factors=4, neighbors="user", used_neighbors=8, random_state=0, **p),
    "ease": lambda **p: coals.EASE(regularization=5, **p),
    "ease-weighted": lambda **p: coals.EASE(regularization=5, weighted=True, dtype="float64", **p),
    "ease-cut": lambda **p: coals.EASE(regularization=5, neighbors=15, **p),
    "ease-relaxed": lambda **p: coals.EASE(
        regularization=2, dropout=0.3, max_diagonal=0.2, item_exponent=0.3, user_exponent=0.5, dtype="float64", **p
    ),
    "sparse-ease": lambda **p: coals.SparseEASE(regularization=3, max_diagonal=0.0, **p),
    "sparse-ease-cut": lambda **p: coals.SparseEASE(
        regularization=2,
        neighbors=20,
        strongest=16,
        similarity="jaccard",
        max_diagonal=0.3,
        weighted=True,
        item_exponent=0.3,
        dropout=0.2,
        dtype="float64",
        **p,
    ),
    "rp3beta": lambda **p: coals.RP3beta(neighbors=15, **p),
    "rp3beta-weighted": lambda **p: coals.RP3beta(alpha=0.7, beta=0.6, weighted=True, neighbors=None, **p),
    "graph-filter": lambda **p: coals.GraphFilter(factors=6, random_state=0, **p),
    "graph-filter-cut": lambda **p: coals.GraphFilter(factors=6, weighted=True, neighbors=15, random_state=0, **p),
    "graph-filter-rows": lambda **p: coals.GraphFilter(factors=6, memory_limit=0, random_state=0, **p),
    "graph-filter-chebyshev": lambda **p: coals.GraphFilter(filter="chebyshev", factors=6, random_state=0, **p),
    "graph-filter-blurring": lambda **p: coals.GraphFilter(
        filter="blurring", factors=6, random_state=0, sharpening=0.5, weighted=True, dtype="float64", **p
    ),
    "graph-filter-power": lambda **p: coals.GraphFilter(filter="power", order=2, entry_exponent=1, **p),
    "sgd": lambda **p: coals.SGDFactorization(factors=5, iterations=3, random_state=0, **p),
    "sgd-plain": lambda **p: coals.SGDFactorization(
        factors=5, iterations=3, random_state=0, biases=False, optimizer="momentum", learning_rate=0.01, **p
    ),
    "sgd-sigmoid": lambda **p: coals.SGDFactorization(
        factors=5, iterations=3, random_state=0, sigmoid_range="data", dtype="float64", **p
    ),
    "bpr": lambda **p: coals.BPR(factors=5, iterations=3, random_state=0, **p),
    "bpr-plain": lambda **p: coals.BPR(
        factors=5, iterations=3, random_state=0, biases=False, optimizer="momentum", dtype="float64", **p
    ),
    "glove": lambda **p: coals.GloVe(factors=5, iterations=3, x_max=5, random_state=0, **p),
    "glove-double": lambda **p: coals.GloVe(factors=4, iterations=3, min_count=1, dtype="float64", random_state=0, **p),
    "content": lambda **p: ContentOfUsers(**p),
    "content-cut": lambda **p: ContentOfUsers(neighbors=12, weighted=True, dtype="float64", **p),
    "hybrid": hybrid,
    "hybrid-cascade": lambda **p: hybrid(how="cascade", **p),
    "hybrid-switching": lambda **p: hybrid(how="switching", **p),
    **NEURAL,
}


def small(cls: type[coals.Recommender]) -> Callable[..., Any]:
    """The model with few factors and iterations, if it has any."""
    own = {"factors": 5, "iterations": 3, "random_state": 0}
    own = {name: value for name, value in own.items() if name in cls._parameter_names()}
    return lambda **p: cls(**{**own, **p})


def has_case(cls: type) -> bool:
    return any(isinstance(make(), cls) for make in MODELS.values())


MODELS |= {name: small(getattr(coals, name)) for name in coals.MODELS if not has_case(getattr(coals, name))}

#: Those that meet entries in a random order, or start from random vectors of items, so that equal items become only
#: nearly equal.
IN_RANDOM_ORDER = ("sgd", "sgd-plain", "sgd-sigmoid", "bpr", "bpr-plain", "glove", "glove-double", *NEURAL)
