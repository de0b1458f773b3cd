"""Rows that a fitted model has not seen: their factors and their lists."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import scipy

from coals import _core
from coals._util.checks import check_bool, check_int
from coals._util.limits import LONGEST_LIST
from coals._util.order import best_first
from coals.data.features import check_features
from coals.data.native import columns_where, rows_of
from coals.models.als.factor_model import FactorModel
from coals.models.als.features import predicted
from coals.models.als.problem import SIDES
from coals.models.als.row_system import RowSystem, contributions
from coals.models.base import Array
from coals.models.explanation import Explanation, one_pair
from coals.models.folded_rows import Rows, given_rows, matrix_rows
from coals.ranking.filters import Filter
from coals.ranking.recommendations import Recommendations, padded

__all__ = ["FoldIn"]


class FoldIn(FactorModel):
    """A factor model that can solve rows it was not fitted with. See its subclasses."""

    _entries_: _core.Csr
    _weights_: Array | None
    _features_: list[Any]

    @abstractmethod
    def _solve_rows(
        self, side: int, rows: Rows, prior: Array | None, bias_prior: Array | None
    ) -> tuple[Array, Array | None]:
        """Exact factors and, for some models, biases of rows of one side, given the other side as it is."""

    def _fold_in(self, side: int, rows: Rows) -> tuple[Array, Array | None]:
        """`_solve_rows`, with the prior for rows without entries."""
        prior, bias_prior = self._prior_of(side, rows.features)
        try:
            factors, bias = self._solve_rows(side, rows, prior, bias_prior)
        except _core.SingularSystemError as error:
            raise self._undetermined(f"row {error.row} of X", error) from None
        if prior is not None:
            cold = np.flatnonzero(rows.entries.row_sizes() == 0)
            factors[cold] = prior[cold]
            if bias is not None and bias_prior is not None:
                bias[cold] = bias_prior[cold]
        return factors, bias

    def _transform(self, side: int, X: Any, weights: Any, features: Any) -> tuple[Array, Array | None]:
        return tuple(self._as_fitted()._transform_as_fitted(side, X, weights, features))

    def _transform_as_fitted(self, side: int, X: Any, weights: Any, features: Any) -> tuple[Array, Array | None]:
        index = (self.item_index_, self.user_index_)[side]
        rows = matrix_rows(X, side, index, weights, self.user_factors_.dtype.name, self._drops_zeros)
        return self._fold_in(side, rows._replace(features=self._row_features(side, features, rows.entries.rows)))

    #: Whether a stored zero is no entry.
    _drops_zeros = False

    def _prior_of(self, side: int, features: Any) -> tuple[Array | None, Array | None]:
        """What features predict: factors, and biases where the feature weights have a column for them."""
        if features is None:
            return None, None
        weights = (self.user_feature_weights_, self.item_feature_weights_)[side]
        assert weights is not None
        K, dtype = self.user_factors_.shape[1], self.user_factors_.dtype
        prior = predicted(features, np.ascontiguousarray(weights[:, :K]), dtype)
        return prior, predicted(features, weights[:, K:], dtype)[:, 0].copy() if weights.shape[1] > K else None

    def _row_features(self, side: int, features: Any, size: int) -> Any:
        if features is None:
            return None
        weights = (self.user_feature_weights_, self.item_feature_weights_)[side]
        if weights is None:
            raise ValueError(
                f"features were given, but the model has no {SIDES[side]} features: give {SIDES[side]}_features to fit"
            )
        if not scipy.sparse.issparse(features) and np.ndim(features) == 1 and size == 1:
            features = np.reshape(features, (1, -1))
        return check_features("features", features, size, len(weights))

    def recommend_for(
        self, history: Any, n: int = 10, *, exclude_seen: bool = True, features: Any = None
    ) -> Recommendations:
        """The `n` best items for someone the model was not fitted with.

        Parameters
        ----------
        history : mapping of item id to value, sequence of item ids, sparse matrix or Interactions
            What the new user did: ``{item: value}`` (or a pandas Series with items as its index), or for implicit data
            just the items, each of strength 1. A
            matrix of shape (n_queries, n_items), or `Interactions` with item ids that the model knows, asks for many
            users at once. May be empty.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what is in the history.
        features : sparse or dense matrix of shape (n_queries, p), or (p,), or None
            Features of the new users, for a model that was fitted with `user_features`.

        Returns
        -------
        Recommendations
            As `recommend` gives. Without history and features a list ranks by what remains, item biases, or is empty.

        Notes
        -----
        The factors are those of `transform_users`, that is one exact row solve: cost 2 m K² + K³/3 multiply-adds for m
        items.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
        >>> coals.ImplicitALS(factors=2, random_state=0).fit(plays).recommend_for(["y"], n=1).ids
        array([['x']], dtype='<U1')
        """
        return self._as_fitted()._recommend_for(history, n, exclude_seen, features)  # type: ignore[no-any-return]

    def _recommend_for(self, history: Any, n: int, exclude_seen: bool, features: Any) -> Recommendations:
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        dtype = self.user_factors_.dtype.name
        rows = given_rows(history, self.item_index_, dtype, drop_zeros=self._drops_zeros, ratings=self.predicts_ratings)
        rows = rows._replace(features=self._row_features(0, features, rows.entries.rows))
        factors, bias = self._fold_in(0, rows)
        wanted = Filter(rows.seen if check_bool("exclude_seen", exclude_seen) else None)
        known = columns_where(rows.entries.transpose(), positive=self._drops_zeros)
        if rows.features is not None:
            known |= np.diff(rows.features.indptr) > 0
        queries = self._queries(factors, bias)
        ids, scores, counts = padded(self._rank(queries, min(n, self.n_items_), wanted, self._has_evidence(known)), n)
        return Recommendations(self.item_index_.named(ids), scores, counts)

    def explain(self, user: Any, item: Any, n: int | None = None) -> Explanation:
        """How much each item of a user's history contributes to the score of an item.

        Parameters
        ----------
        user, item : id
            A user of the training data, and an item.
        n : int or None, default None
            Keep the `n` largest contributions only; None keeps all. What is cut is not summed up anywhere.

        Returns
        -------
        Explanation
            ``(ids, contributions, baseline, score)``.

        Notes
        -----
        The user's factors are A⁻¹ Σ d_e y_e over the entries e of the history, so each has its share of the score,
        d_e v · A⁻¹ y_e (Hu, Koren, Volinsky 2008, section 5). That row is solved afresh against the final item factors,
        in float64: the score is what `recommend_for` gives for the same history, and what `predict` gives once the fit
        has converged. With ``nonnegative=True`` A is that of the factors above 0. Cost: m K² + K³/3 for m items.
        """
        return self._as_fitted()._explain(user, item, n)  # type: ignore[no-any-return]

    def _explain(self, user: Any, item: Any, n: int | None) -> Explanation:
        row, column = one_pair(self, user, item)
        cut = None if n is None else check_int("n", n, minimum=1)
        indptr, indices, _ = self._entries_.to_arrays()
        items = indices[indptr[row] : indptr[row + 1]]
        try:
            shares, baseline = contributions(*self._row_system(row, column))
        except np.linalg.LinAlgError as error:
            raise self._undetermined(f"user {user!r}", error) from None
        baseline += self._constant_of(column)
        order = best_first(np.abs(shares))
        score = baseline + float(shares.sum())
        return Explanation(self.item_index_.decode(items[order][:cut]), shares[order][:cut], baseline, score)

    @abstractmethod
    def _row_system(self, row: int, item: int) -> tuple[RowSystem, Array, Array | None]:
        """Equations of a training user, the vector whose product with their solution is the score of an item, and,
        where factors must not be negative, which are above 0."""

    def _constant_of(self, item: int) -> float:
        """The part of a score that does not depend on the user."""
        return 0.0

    def _user_prior(self, row: int) -> Array:
        """What the features of a training user predict, in float64, a bias last if there is one."""
        weights, features = self.user_feature_weights_, self._features_[0]
        if weights is None:
            return np.zeros(self.user_factors_.shape[1] + bool(getattr(self, "biases", False)))
        prior: Array = predicted(features[[row]], weights, np.float64)[0]
        return prior

    def _active(self, row: int) -> Array | None:
        """Which factors (and bias) of a training user, solved afresh, may differ from 0; None: all."""
        if not self.nonnegative:
            return None
        entries, weights = rows_of(self._entries_, np.array([row]), self._weights_)
        features = self._features_[0]
        own = None if features is None else features[[row]]
        factors, bias = self._fold_in(0, Rows(entries, weights, own, entries))
        return np.append(factors[0] > 0, [True] * (bias is not None))

    def _undetermined(self, row: str, error: Any) -> ValueError:
        return ValueError(
            f"{row}: its entries do not determine {self.factors} factors: {error}. Set regularization > 0 "
            "(a larger one if it is), use fewer factors, bring very large values or weights nearer to 1, use "
            "dtype='float64', or take the shortest solution with on_singular='minimum_norm'"
        )
