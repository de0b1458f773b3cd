"""What implicit and explicit ALS share: parameters, how they are fitted, and rows that a fitted model has not seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number, check_pair, check_random_state
from coals._util.limits import LARGEST, MOST_FACTORS
from coals.data.features import check_features
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.labels import table_by_id
from coals.data.native import columns_where, rows_of
from coals.data.unknown_ids import check_unknown
from coals.data.weights import check_weights
from coals.models.als.features import fill_cold, predicted
from coals.models.als.fit import SIDES, Copies, Fit, OnSweep, learn
from coals.models.als.row_system import RowSystem, contributions
from coals.models.als.start import Start, grown_start, previous_start, start_of
from coals.models.base import Array
from coals.models.explanation import Parts
from coals.models.factors.inner_product import InnerProductModel
from coals.models.fit_memory import Bytes, Shape, itemsize_of
from coals.models.folded_rows import Rows, matrix_rows
from coals.models.partial_fit import merge
from coals.models.sweeps import Callback, check_callbacks
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import Recommendations, TopN

__all__ = ["ALS"]

SOLVERS = ("auto", "cholesky", "cg", "block")
SINGULAR = ("error", "minimum_norm", "jitter")

Self = TypeVar("Self", bound="ALS")

_LARGEST_BLOCK = 1024


class ALS(InnerProductModel):
    """A factor model fitted by half-sweeps over one side, then the other, which can solve rows it has not seen."""

    factors: int
    regularization: float | tuple[float, float]
    regularization_exponent: float
    feature_regularization: float
    iterations: int
    solver: str
    cg_steps: int
    block_size: int
    nonnegative: bool
    on_singular: str
    init: Any
    warm_start: bool
    dtype: str
    random_state: Any
    tolerance: float

    user_feature_weights_: npt.NDArray[np.float64] | None
    item_feature_weights_: npt.NDArray[np.float64] | None
    objective_: npt.NDArray[np.float64]
    solver_: str

    _entries_: _core.Csr
    _weights_: Array | None
    _features_: list[Any]

    _fitted: ClassVar[Axes] = {
        "user_feature_weights_": ("user features", "weights"),
        "item_feature_weights_": ("item features", "weights"),
        "objective_": ("sweeps",),
        "solver_": (),
        "_entries_": (),
        "_weights_": ("entries",),
        "_features_": (),
    }

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=MOST_FACTORS)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        self._regularization_pair()
        check_number("regularization_exponent", self.regularization_exponent, minimum=0, maximum=10)
        check_number("feature_regularization", self.feature_regularization, minimum=0, maximum=LARGEST)
        check_int("iterations", self.iterations, minimum=1)
        self._check_solver()
        check_bool("warm_start", self.warm_start)
        check_random_state(self.random_state)
        check_number("tolerance", self.tolerance, minimum=0)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz = shape[:3]
        s = itemsize_of(self)
        sparse = 8 * (users + 1) + 8 * (items + 1) + 2 * nnz * (4 + s)
        thread, shared = _workspace_bytes(self.factors, s)
        return sparse, (users + items) * (self.factors + 1) * s, threads * thread + shared + 8 * (users + items)

    def _check_solver(self) -> None:
        check_choice("solver", self.solver, SOLVERS)
        check_int("cg_steps", self.cg_steps, minimum=1, maximum=MOST_FACTORS)
        check_int("block_size", self.block_size, minimum=1, maximum=_LARGEST_BLOCK)
        check_choice("on_singular", self.on_singular, SINGULAR)
        if check_bool("nonnegative", self.nonnegative) and self.solver not in ("auto", "cholesky"):
            raise ValueError(
                f"nonnegative=True needs solver='auto' or 'cholesky', got {self.solver!r}: the others cannot keep "
                "factors from becoming negative"
            )

    def _regularization_pair(self) -> tuple[float, float]:
        pair = check_pair("regularization", self.regularization, maximum=LARGEST)
        for number in pair:
            if 0 < number < np.finfo(self.dtype).tiny:
                raise ValueError(f"regularization={number} vanishes in {self.dtype}: say 0 if that is meant")
        return pair

    @abstractmethod
    def _core_options(self, iterations: int = 1) -> Any:
        """For a fit of so many sweeps, or for rows to be folded in."""

    def _common_options(self, iterations: int) -> _core.FitOptions:
        users, items = self._regularization_pair()
        return _core.FitOptions(
            user_regularization=users,
            item_regularization=items,
            regularization_exponent=float(self.regularization_exponent),
            iterations=iterations,
            tolerance=float(self.tolerance),
            solver=self.solver,
            cg_steps=self.cg_steps,
            block_size=self.block_size,
            nonnegative=bool(self.nonnegative),
            singular=self.on_singular,
        )

    # --- fitting ---

    @abstractmethod
    def _prepared(self, data: Interactions, weights: Any, features: list[Any], start: Start) -> Fit:
        """What the core works on."""

    @abstractmethod
    def _run(self, fit: Fit, iterations: int, on_sweep: OnSweep) -> None:
        """Has the core fit, which calls `on_sweep` after each sweep."""

    def _fitted_by(self, fit: Fit, report: _core.SweepReport, copies: Copies) -> dict[str, Any]:
        """Fitted attributes as of `report`."""
        return fit.result(copies) | {"solver_": report.solver}

    def _fit_problem(
        self: Self, X: Any, weights: Any, features: list[Any], progress: bool | None, callback: Any
    ) -> Self:
        """What `fit` does."""
        callbacks = check_callbacks(callback)
        previous = previous_start(self)
        return self._fit_or_forget(self._start_fit(X), progress, weights, features, callbacks, previous)

    def _fit(
        self,
        data: Interactions,
        progress: bool | None,
        weights: Any,
        features: list[Any],
        callbacks: list[Callback],
        previous: Start | None,
    ) -> None:
        checked = [
            None if given is None else check_features(f"{side}_features", given, index)
            for side, given, index in zip(SIDES, features, (data.users, data.items), strict=True)
        ]
        start = start_of(self, (data.users, data.items), previous)
        own_weights = None if weights is None else check_weights(weights, data, self.dtype)
        fit = self._prepared(data, own_weights, checked, start)
        self._learn(fit, start, self.iterations, progress, callbacks)

    def _learn(self, fit: Fit, start: Start, iterations: int, progress: bool | None, callbacks: list[Callback]) -> None:
        fit.add_priors(self._core_options(), float(self.feature_regularization), start)

        def run(on_sweep: OnSweep) -> None:
            try:
                self._run(fit, iterations, on_sweep)
            except _core.SingularSystemError as error:
                raise self._singular(fit.data, error) from None

        def finish(model: ALS, fitted: dict[str, Any], history: list[float]) -> None:
            model._finish(fit, fitted, history)

        learn(self, run, partial(self._fitted_by, fit), finish, iterations, progress, callbacks)

    def _finish(self, fit: Fit, fitted: dict[str, Any], history: list[float]) -> None:
        vars(self).update(fitted)
        vars(self).pop("_grams_", None)
        self.objective_ = np.array(history)
        self._finish_fit(fit.data, fitted["_seen_"])

    def _singular(self, data: Interactions, error: Any) -> ValueError:
        side = SIDES.index(error.side[:-1])  # users, items
        name = (data.users, data.items)[side].decode(np.array([error.row])).tolist()[0]
        return self._undetermined(f"{SIDES[side]} {name!r}", error)

    def _partial_fit(
        self, X: Any, weights: Any, features: list[Any], iterations: int, progress: bool | None, callback: Any
    ) -> None:
        if not hasattr(self, "n_items_"):
            self._fit_problem(X, weights, features, progress, callback)
            return
        callbacks = check_callbacks(callback)
        check_int("iterations", iterations, minimum=1)
        self._check_params()
        if self.user_factors_.shape[1] != self.factors or self.user_factors_.dtype != self.dtype:
            raise ValueError(
                f"partial_fit needs the factors and dtype of the fit, {self.user_factors_.shape[1]} and "
                f"{self.user_factors_.dtype.name}, got {self.factors} and {self.dtype}: set them back, or fit again"
            )
        if getattr(self, "biases", False) != self._fitted_params_.get("biases", False):
            raise ValueError("partial_fit needs the biases of the fit: set them back, or fit again")
        new = as_interactions(X)
        checked = None if weights is None else check_weights(weights, new, self.dtype)
        merged = merge(self, self._seen_, self._weights_, new, checked)
        all_features = [self._grown_features(side, merged.data, features[side]) for side in (0, 1)]
        start = grown_start(self, merged.data)
        fit = self._prepared(merged.data, merged.weights, all_features, start)
        fit.rows = merged.touched
        self._learn(fit, start, iterations, progress, callbacks)

    def _grown_features(self, side: int, data: Interactions, features: Any) -> Any:
        """Features of all rows of a side that may have grown."""
        old = self._features_[side]
        name, size = f"{SIDES[side]}_features", data.shape[side]
        if old is None:
            if features is not None:
                raise ValueError(f"{name} were given, but the model was fitted without: fit again with them")
            return None
        if features is None:
            if size == old.shape[0]:
                return old
            raise ValueError(
                f"there are {size - old.shape[0]} new {SIDES[side]}s and the model was fitted with {name}: give {name} "
                f"for all {size}"
            )
        return check_features(name, features, (data.users, data.items)[side], old.shape[1])

    # --- rows that the model was not fitted with ---

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
            fill_cold(rows.entries.row_sizes(), factors, prior, bias, bias_prior)
        return factors, bias

    def _transform(self, side: int, X: Any, weights: Any, features: Any, unknown: str) -> tuple[Array, Array | None]:
        return tuple(self._as_fitted()._transform_as_fitted(side, X, weights, features, check_unknown(unknown)))

    def _transform_as_fitted(
        self, side: int, X: Any, weights: Any, features: Any, unknown: str
    ) -> tuple[Array, Array | None]:
        index, dtype = (self.item_index_, self.user_index_)[side], self.user_factors_.dtype.name
        rows = matrix_rows(X, side, index, weights, dtype, self._drops_zeros, unknown=unknown)
        index = IdIndex(None, rows.entries.rows, SIDES[side])
        if isinstance(X, Interactions):
            index = (X.users, X.items)[side]
        return self._fold_in(side, rows._replace(features=self._row_features(side, features, index)))

    def _prior_of(self, side: int, features: Any) -> tuple[Array | None, Array | None]:
        """What features predict: factors, and biases where the feature weights have a column for them."""
        if features is None:
            return None, None
        weights = (self.user_feature_weights_, self.item_feature_weights_)[side]
        assert weights is not None
        K, dtype = self.user_factors_.shape[1], self.user_factors_.dtype
        prior = predicted(features, np.ascontiguousarray(weights[:, :K]), dtype)
        return prior, predicted(features, weights[:, K:], dtype)[:, 0].copy() if weights.shape[1] > K else None

    def _row_features(self, side: int, features: Any, index: IdIndex) -> Any:
        if features is None:
            return None
        weights = (self.user_feature_weights_, self.item_feature_weights_)[side]
        if weights is None:
            raise ValueError(
                f"features were given, but the model has no {SIDES[side]} features: give {SIDES[side]}_features to fit"
            )
        if len(index) == 1 and index.ids is None:
            features, _ = table_by_id("features", features, index.kind)  # one row for one history
        one_row = not scipy.sparse.issparse(features) and not isinstance(features, Mapping) and np.ndim(features) == 1
        if one_row and len(index) == 1:
            features = np.reshape(features, (1, -1))
        return check_features("features", features, index, len(weights))

    def recommend_for(
        self, history: Any, n: int = 10, *, exclude_seen: bool = True, features: Any = None, unknown: str = "raise"
    ) -> Recommendations:
        """The `n` best items for a user the model was not fitted with.

        Parameters
        ----------
        history : mapping of item id to value, sequence of item ids, sparse matrix or Interactions
            What the new user did: ``{item: value}`` (or a pandas Series with items as its index), or for implicit data
            just the items, each of strength 1. A matrix of shape (n_queries, n_items), or `Interactions` with item ids,
            asks for many users at once. May be empty.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what is in the history.
        features : sparse or dense matrix of shape (n_queries, p), or (p,), or a table or mapping by user id, or None
            Features of the new users, for a model that was fitted with `user_features`.
        unknown : {"raise", "skip", "popular"}, default "raise"
            What becomes of items that the model does not know: a ValueError that names one; or they are left out of
            the history; with "popular" histories of which nothing is left get the items that most users have.

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
        fitted = self._as_fitted()
        return fitted._recommend_for(history, n, exclude_seen, unknown, features=features)  # type: ignore[no-any-return]

    def _rows_of(self, history: Any, unknown: str, features: Any = None) -> Rows:
        rows = super()._rows_of(history, unknown)
        index = history.users if isinstance(history, Interactions) else IdIndex(None, rows.entries.rows, "user")
        return rows._replace(features=self._row_features(0, features, index))

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        factors, bias = self._fold_in(0, rows)
        known = columns_where(rows.entries.transpose(), positive=self._drops_zeros)
        if rows.features is not None:
            known |= np.diff(rows.features.indptr) > 0
        return self._ranked(factors, bias, n, excluded, self._has_evidence(known))

    def _parts(self, row: int, column: int) -> Parts:
        indptr, indices, _ = self._entries_.to_arrays()
        try:
            shares, baseline = contributions(*self._row_system(row, column))
        except np.linalg.LinAlgError as error:
            user = self.user_index_.decode(np.array([row])).tolist()[0]
            raise self._undetermined(f"user {user!r}", error) from None
        items = indices[indptr[row] : indptr[row + 1]]
        return Parts(self.item_index_, items, shares, baseline + self._constant_of(column))

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
        """Which factors (and bias) of a training user, solved again, may differ from 0; None: all."""
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


def _workspace_bytes(factors: int, itemsize: int) -> tuple[int, int]:
    """Memory of a fit in addition to data and factors: (bytes of each thread, bytes in all threads together).

    A thread has a panel of gathered rows and the system it solves, of K and, for short rows, of up to as many entries;
    or 16 small ones. All share the partial Gram matrices and the axes.
    """
    padded = -(-factors // 16) * 16
    square = padded * padded * itemsize
    partial = min(max(2 * square, 16 << 20), 64 * square)
    thread = 128 * padded * itemsize + (3 if factors > 80 else 18) * square
    return thread, partial + 4 * 8 * factors * factors
