"""Explicit ALS: ratings as mean + user bias + item bias + inner product of factors."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_choice
from coals.data.interactions import Interactions
from coals.data.native import columns_where, rows_where, with_values
from coals.models.als.base import ALS
from coals.models.als.fit import SIDES, Copies, Fit, OnSweep
from coals.models.als.row_system import RowSystem
from coals.models.als.start import Start
from coals.models.base import Array
from coals.models.explanation import Parts
from coals.models.factors.biased_factors import BiasedFactors
from coals.models.folded_rows import Rows

__all__ = ["ExplicitALS"]


class ExplicitALS(BiasedFactors, ALS):
    r"""Matrix factorisation of ratings by alternating least squares, with biases.

    Minimises, over observed ratings :math:`r_{ij}` with :math:`n_i` ratings of user i and :math:`m_j` of item j,

    .. math:: \sum (r_{ij} - \mu - b_i - c_j - u_i \cdot v_j)^2
        + \lambda \Big[ \sum_i n_i^\nu (|u_i|^2 + b_i^2) + \sum_j m_j^\nu (|v_j|^2 + c_j^2) \Big]

    No half-step lets this rise. With weights each square counts :math:`w_{ij}` times, and :math:`\mu` is the weighted
    mean. With features :math:`f_i` of users (or items) their factors and biases are pulled to :math:`f_i W` instead of
    0: the penalty becomes :math:`\lambda n_i^\nu |[u_i\, b_i] - f_i W|^2`, plus `feature_regularization`
    :math:`\cdot |W|^2`, and W is fitted after each half-step of its side.

    Parameters
    ----------
    factors : int, default 64
        Length K of each factor vector.
    regularization : float or (float, float), default 10.0
        :math:`\lambda`, or one for users and one for items. At 0 a user or item with too few ratings has no
        unique solution: see `on_singular`.
    regularization_exponent : float, default 0.0
        :math:`\nu`: 0 is plain ridge, 1 weighs the penalty by the number of ratings (ALS-WR, Zhou et al. 2008).
    feature_regularization : float, default 1.0
        Penalty of feature weights, where `fit` is given features.
    iterations : int, default 15
        Most sweeps over both sides.
    biases : bool, default True
        False leaves :math:`u \cdot v` alone, with :math:`\mu = 0`.
    bias_update : {"joint", "separate"}, default "joint"
        Solve a user's factors and bias as one system of K + 1, or sweep b, U, c, V in this order.
    solver : {"auto", "cholesky", "cg", "block"}, default "auto"
        How a row is solved. "cholesky": exactly. "cg": `cg_steps` steps of conjugate gradients from the row as it is;
        cost 2 n K a step for n entries, for many factors or long rows. "block": exactly for `block_size` factors at a
        time. Rows that are cheaper to solve exactly are, in all of them. "auto" takes "cholesky", or "block" where
        that makes a sweep at least three times cheaper (long rows and more than about 256 factors); `solver_` tells
        which ran. All converge to solutions of one and the same objective, and none lets it rise.
    cg_steps : int, default 3
    block_size : int, default 64
        From 1 to 1024.
    nonnegative : bool, default False
        Keep factors (not biases) >= 0, by coordinate descent on each row's system (Franc et al. 2005). Needs
        ``solver="auto"`` or ``"cholesky"``.
    on_singular : {"error", "minimum_norm", "jitter"}, default "error"
        What to do where entries do not determine a row, as can be with :math:`\lambda = 0`: an error that names it, its
        shortest solution, or as little more on the diagonal (from 1e-6 of its mean on) as makes it solvable.
    init : sequence of arrays, optional
        Start: user factors (n_users, K) and item factors (n_items, K), then optionally user bias (n_users,) and
        item bias (n_items,). By default factors are normal with variance 1/K (their absolute values if
        `nonnegative`) and biases zero.
    warm_start : bool, default False
        A further `fit` starts from the factors of the last one, matched by id; new users and items start from scratch.
    dtype : {"float32", "float64"}, default "float32"
        Precision of factors and arithmetic.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.
    tolerance : float, default 0.0
        Stop when a sweep lowers the objective by less than this share; 0 runs all `iterations`.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
        Without ratings: what their features predict, else zero. With ``biases=False`` `predict` then gives the mean of
        the training ratings.
    user_bias_, item_bias_ : ndarray of shape (n_users,), (n_items,)
    user_feature_weights_, item_feature_weights_ : ndarray of float64, shape (p, K + 1), (q, K + 1), or None
        W, with a last column for the bias unless ``biases=False``.
    global_mean_ : float
    objective_ : ndarray of float64, shape (sweeps,)
        After each sweep.
    rating_range_ : (float, float)
        Lowest and highest rating seen, for ``predict(..., clip=True)``.
    solver_ : str

    Notes
    -----
    Cost of an exact sweep: 2 nnz K² + (users + items) K³/3 multiply-adds. Memory: `coals.estimate_memory`.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ratings = sp.csr_array(np.array([[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]))
    >>> model = coals.ExplicitALS(factors=1, biases=False, regularization=1e-8, random_state=0).fit(ratings)
    >>> model.predict([0, 1], [2, 0]).round(3)
    array([5., 6.], dtype=float32)
    """

    biases: bool
    bias_update: str

    _users_by_product = True

    _space: ClassVar[dict[str, list[Any]]] = {
        "factors": [8, 16, 32, 64],
        "regularization": [0.3, 0.6, 1.0, 1.5],
        "regularization_exponent": [0.5],
    }

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float | tuple[float, float] = 10.0,
        regularization_exponent: float = 0.0,
        feature_regularization: float = 1.0,
        iterations: int = 15,
        biases: bool = True,
        bias_update: str = "joint",
        solver: str = "auto",
        cg_steps: int = 3,
        block_size: int = 64,
        nonnegative: bool = False,
        on_singular: str = "error",
        init: Any = None,
        warm_start: bool = False,
        dtype: str = "float32",
        random_state: Any = None,
        num_threads: int | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_bool("biases", self.biases)
        check_choice("bias_update", self.bias_update, ("joint", "separate"))

    def fit(
        self,
        X: Any,
        *,
        weights: Any = None,
        user_features: Any = None,
        item_features: Any = None,
        progress: bool | None = None,
        callback: Any = None,
    ) -> ExplicitALS:
        """Learns factors and biases from ratings, from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Stored entries are ratings, zeros included; all others are unknown.
        weights : Interactions or sparse matrix with the pattern of X, array of shape (nnz,), or None
            How much each rating counts, finite and >= 0; None: 1 each. From a table,
            ``Interactions.from_arrays(users, items, weights)``. An array follows ``Interactions.matrix.data``, that is
            rows in order and columns in order within them, which the rows of a table need not.
        user_features, item_features : matrix of shape (n_users, p), (n_items, q), table, mapping, or None
            A row for each row or column of X, finite. A table is matched by the ids in its index (of pandas) or in its
            column of ids, called id or like user_id, a mapping of id to row by its keys; both may have more rows. Other
            matrices follow ``data.user_ids`` or ``data.item_ids``. Taken as they are: bring them to one scale, and add
            a column of ones where an intercept is wanted. Rows of X without entries count too: cold items, which
            ``Interactions.from_matrix(..., item_ids=...)`` can hold, get what their features predict.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, list of callables, or None
            Each is called with a `Sweep` after each sweep; True ends the fit. What it raises is passed on.

        Returns
        -------
        ExplicitALS
            Itself. If `fit` raises or is interrupted, the model is left unfitted.

        Raises
        ------
        TypeError, ValueError
            Data, features or weights that cannot be used, with the row and column of the first; a row that its entries
            do not determine (see `on_singular`), with its id; an objective that overflows.
        """
        return self._fit_problem(X, weights, [user_features, item_features], progress, callback)

    def partial_fit(
        self,
        X: Any,
        *,
        weights: Any = None,
        user_features: Any = None,
        item_features: Any = None,
        iterations: int = 1,
        progress: bool | None = None,
        callback: Any = None,
    ) -> ExplicitALS:
        """Takes in new ratings, as `ImplicitALS.partial_fit` does; the mean stays that of `fit`.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix
            New ratings; for a pair that the model has already the new one counts.
        weights
            Those of the new ratings, as in `fit`. Old or new ratings without weights count once.
        user_features, item_features, iterations, progress, callback
            As in `ImplicitALS.partial_fit`.

        Examples
        --------
        >>> ratings = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"], [5.0, 3.0, 4.0])
        >>> model = coals.ExplicitALS(factors=2, random_state=0).fit(ratings)
        >>> model = model.partial_fit(coals.Interactions.from_arrays(["cem"], ["y"], [1.0]))
        >>> model.recommend("cem").ids[0][:1]
        array(['x'], dtype=object)
        """
        self._partial_fit(X, weights, [user_features, item_features], iterations, progress, callback)
        return self

    def transform_users(
        self, X: Any, *, weights: Any = None, features: Any = None, unknown: str = "raise"
    ) -> tuple[Array, Array]:
        """Factors and biases of new users, given the items as they are.

        Parameters
        ----------
        X : scipy sparse matrix of shape (n, n_items), or Interactions with item ids
            Ratings of n new users.
        weights : Interactions or sparse matrix with the pattern of X, array of shape (nnz,), or None
            As in `fit`.
        features : sparse or dense matrix of shape (n, p), table or mapping by user id, or None
            Features of the new users, for a model that was fitted with `user_features`.
        unknown : {"raise", "skip"}, default "raise"
            What becomes of item ids that the model does not know: a ValueError that names one, or their entries are
            left out.

        Returns
        -------
        (factors, bias) : ndarrays of shape (n, K) and (n,)
            The exact solution of each row, factors and bias together, as `fit` would find it with these items. Rows
            without entries get what their features predict, else zeros.

        Examples
        --------
        >>> import numpy as np, scipy.sparse as sp
        >>> ratings = sp.csr_array(np.array([[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]))
        >>> model = coals.ExplicitALS(factors=1, biases=False, regularization=1e-8, random_state=0).fit(ratings)
        >>> factors, bias = model.transform_users(sp.csr_array([[9.0, 12.0, 0.0]]))
        >>> (factors @ model.item_factors_.T).round(3)
        array([[ 9., 12., 15.]], dtype=float32)
        """
        return self._with_bias(self._transform(0, X, weights, features, unknown))

    def transform_items(
        self, X: Any, *, weights: Any = None, features: Any = None, unknown: str = "raise"
    ) -> tuple[Array, Array]:
        """`transform_users` for new items: X is (n, n_users), or Interactions with user ids."""
        return self._with_bias(self._transform(1, X, weights, features, unknown))

    def _with_bias(self, solved: tuple[Array, Array | None]) -> tuple[Array, Array]:
        factors, bias = solved
        return factors, np.zeros(len(factors), factors.dtype) if bias is None else bias

    def _core_options(self, iterations: int = 1) -> _core.ExplicitFitOptions:
        return _core.ExplicitFitOptions(
            self._common_options(iterations),
            biases=bool(self.biases),
            joint=self.bias_update == "joint",
            mean=float(getattr(self, "global_mean_", np.nan)),  # partial_fit keeps that of fit
        )

    def _prepared(self, data: Interactions, weights: Any, features: list[Any], start: Start) -> Fit:
        entries = with_values(data, self.dtype)
        evidence = rows_where(entries, positive=False), columns_where(entries, positive=False)
        return Fit(data, entries, start, features, evidence, weights=weights, biased=bool(self.biases))

    def _run(self, fit: Fit, iterations: int, on_sweep: OnSweep) -> None:
        (users, items), (user_bias, item_bias) = fit.factors, fit.biases
        rows, priors, options = fit.rows, fit.native_priors(), self._core_options(iterations)
        _core.fit_explicit(
            fit.entries, fit.weights, options, users, items, user_bias, item_bias, on_sweep, *rows, *priors,
            self._threads,
        )  # fmt: skip

    def _fitted_by(self, fit: Fit, report: _core.SweepReport, copies: Copies) -> dict[str, Any]:
        zeros = {f"{name}_bias_": np.zeros(size, self.dtype) for name, size in zip(SIDES, fit.data.shape, strict=True)}
        values = fit.data.matrix.data
        return (
            zeros
            | super()._fitted_by(fit, report, copies)
            | {"global_mean_": report.mean, "rating_range_": (float(values.min()), float(values.max()))}
            | {"_fallback_": None if self.biases else float(values.mean(dtype=np.float64))}
        )

    def _solve_rows(
        self, side: int, rows: Rows, prior: Array | None, bias_prior: Array | None
    ) -> tuple[Array, Array | None]:
        # Factors and bias together, for bias_update="separate" too, whose sweeps approach the same solution.
        fixed = (self.item_factors_, self.user_factors_)[side]
        fixed_bias = (self.item_bias_, self.user_bias_)[side]
        factors = np.zeros((rows.entries.rows, fixed.shape[1]), fixed.dtype)
        bias = np.zeros(len(factors), fixed.dtype) if self.biases else None
        _core.fold_in_explicit(
            rows.entries,
            rows.weights,
            f"{SIDES[side]}s",
            fixed,
            fixed_bias if self.biases else None,
            float(self.global_mean_),
            self._core_options(),
            factors,
            bias,
            prior,
            bias_prior if self.biases else None,
            self._threads,
        )
        return factors, bias

    def _row_system(self, row: int, item: int) -> tuple[RowSystem, Array, Array | None]:
        indptr, indices, values = self._entries_.to_arrays()
        own = slice(indptr[row], indptr[row + 1])
        y = self.item_factors_[indices[own]].astype(np.float64)
        target = values[own].astype(np.float64) - float(self.global_mean_)
        if self.biases:
            target -= self.item_bias_[indices[own]]
            y = np.column_stack([y, np.ones(len(y))])
        weight = np.ones(len(y)) if self._weights_ is None else self._weights_[own].astype(np.float64)
        ridge = float(_core.row_penalties(self._core_options(), "users", self.n_items_, np.array([len(y)]))[0])
        system = RowSystem(y, weight, weight * target, 0.0, ridge, self._user_prior(row))
        wanted = self.item_factors_[item].astype(np.float64)
        return system, np.append(wanted, 1.0) if self.biases else wanted, self._active(row)

    def _parts(self, row: int, column: int) -> Parts:
        parts = super()._parts(row, column)
        known = self._known_users_[row] and self._candidates_[column]
        return parts if known or self._fallback_ is None else parts._replace(baseline=self._fallback_)

    def _constant_of(self, item: int) -> float:
        return float(self.global_mean_) + float(self.item_bias_[item])

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return known | bool(self._fitted_params_["biases"])
