"""Implicit ALS: clicks, plays and purchases, where every cell that is not there counts too."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice, check_number
from coals._util.limits import LARGEST
from coals.data.interactions import Interactions
from coals.data.native import columns_where, rows_where, with_values
from coals.models.als.base import ALS
from coals.models.als.fit import SIDES, Fit, OnSweep
from coals.models.als.row_system import RowSystem
from coals.models.als.start import Start
from coals.models.base import Array
from coals.models.folded_rows import Rows

__all__ = ["ImplicitALS"]


class ImplicitALS(ALS):
    r"""Matrix factorisation of implicit feedback by alternating least squares.

    An entry :math:`r_{ij} > 0` is the strength of an observed interaction, one below 0 that of a refusal; a stored
    zero is neither. With :math:`n_i` entries of user i, both objectives sum over *all* cells, at the cost of the stored
    ones.

    ``objective="hkv"`` (Hu, Koren, Volinsky 2008):

    .. math:: \sum c_{ij} (p_{ij} - u_i \cdot v_j)^2 + \lambda \Big[ \sum_i n_i^\nu |u_i|^2 + \sum_j m_j^\nu |v_j|^2
        \Big]

    with :math:`c = w_0 + \alpha |r|` where stored and :math:`w_0` elsewhere, :math:`p = 1` where :math:`r > 0` and 0
    elsewhere.

    ``objective="ials"`` (Rendle et al. 2021):

    .. math:: \sum_{\Omega} \alpha |r_{ij}| (p_{ij} - u_i \cdot v_j)^2 + w_0 \sum_{all} (u_i \cdot v_j)^2
        + \lambda \Big[ \sum_i (n_i + w_0 N)^\nu |u_i|^2 + \sum_j (m_j + w_0 M)^\nu |v_j|^2 \Big]

    for M users and N items. With features :math:`f_i` of users (or items) their factors are pulled to :math:`f_i W`
    instead of 0: :math:`|u_i - f_i W|^2` takes the place of :math:`|u_i|^2`, `feature_regularization`
    :math:`\cdot |W|^2` is added, and W is fitted after each half-step of its side.

    Parameters
    ----------
    factors : int, default 64
        Length K of each factor vector.
    regularization : float or (float, float), default 1.0
        :math:`\lambda`, or one for users and one for items.
    regularization_exponent : float, default 0.5
        :math:`\nu`: how the penalty grows with the number of interactions; 0 is plain ridge.
    feature_regularization : float, default 1.0
        Penalty of feature weights, where `fit` is given features.
    alpha : float, default 1.0
        Weight of one unit of strength, > 0.
    unobserved_weight : float, default 0.1
        :math:`w_0`, the weight of a cell without interaction, >= 0. Other libraries have 1, with which `alpha` is to
        be larger too.
    objective : {"hkv", "ials"}, default "hkv"
    iterations : int, default 15
        Most sweeps over both sides.
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
        Keep factors >= 0, by coordinate descent on each row's system (Franc et al. 2005). Needs
        ``solver="auto"`` or ``"cholesky"``.
    on_singular : {"error", "minimum_norm", "jitter"}, default "error"
        What to do where entries do not determine a row, as can be with :math:`\lambda = 0`: an error that names it, its
        shortest solution, or as little more on the diagonal (from 1e-6 of its mean on) as makes it solvable.
    init : (user_factors, item_factors), optional
        Start, of shape (n_users, K) and (n_items, K). By default normal with variance 1/K (the absolute values if
        `nonnegative`).
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
        Without entries: what their features predict, else zero.
    user_feature_weights_, item_feature_weights_ : ndarray of float64, shape (p, K), (q, K), or None
        W.
    solver_ : str
    objective_ : ndarray of float64, shape (sweeps,)
        After each sweep.

    Notes
    -----
    Cost of an exact sweep: 2 nnz K² + (users + items)(K² + K³/3) multiply-adds. Memory: `coals.estimate_memory`.
    Nothing of size users x items is ever formed. Half-sweeps work in the principal axes of the fixed side's factors,
    which changes no inner product; the factors are turned back at the end.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> plays = sp.csr_array(np.array([[3, 1, 0, 0], [2, 0, 1, 0], [0, 0, 4, 1], [0, 0, 1, 2]]))
    >>> model = coals.ImplicitALS(factors=2, regularization=0.1, random_state=0).fit(plays)
    >>> model.recommend([1], n=1).ids
    array([[1]])
    """

    alpha: float
    unobserved_weight: float
    objective: str

    _space: ClassVar[dict[str, list[Any]]] = {
        "factors": [32, 64, 128],
        "regularization": [0.05, 0.2, 0.5, 1.0],
        "unobserved_weight": [0.1, 0.3, 1.0],
        "regularization_exponent": [1.0],
    }

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float | tuple[float, float] = 1.0,
        regularization_exponent: float = 0.5,
        feature_regularization: float = 1.0,
        alpha: float = 1.0,
        unobserved_weight: float = 0.1,
        objective: str = "hkv",
        iterations: int = 15,
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
        check_number("alpha", self.alpha, minimum=0, strict=True, maximum=LARGEST)
        check_number("unobserved_weight", self.unobserved_weight, minimum=0, maximum=LARGEST)
        check_choice("objective", self.objective, ("hkv", "ials"))

    def fit(
        self,
        X: Any,
        *,
        user_features: Any = None,
        item_features: Any = None,
        progress: bool | None = None,
        callback: Any = None,
    ) -> ImplicitALS:
        """Learns factors from interactions, from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Strengths. One below 0 means that the cell is surely empty; a stored zero is not an interaction, but counts
            as seen.
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
        ImplicitALS
            Itself. If `fit` raises or is interrupted, the model is left unfitted.

        Raises
        ------
        TypeError, ValueError
            Data, features or weights that cannot be used, with the row and column of the first; a row that its entries
            do not determine (see `on_singular`), with its id; an objective that overflows.
        """
        return self._fit_problem(X, None, [user_features, item_features], progress, callback)

    def partial_fit(
        self,
        X: Any,
        *,
        user_features: Any = None,
        item_features: Any = None,
        iterations: int = 1,
        progress: bool | None = None,
        callback: Any = None,
    ) -> ImplicitALS:
        """Takes in new entries, solving only the users and items that have any; on an unfitted model it is `fit`.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix
            New entries; for a pair that the model has already the new value counts. May bring users and items that the
            model does not know: new ids, or for a model without ids a larger shape. They come after the old ones, in
            sorted order, and start as `fit` starts; ``item_index_.encode(id)`` is the row of an item.
        user_features, item_features : sparse or dense matrix, or None
            For a model fitted with features: those of all users or items, the old ones first, if there are new ones.
            Feature weights stay.
        iterations : int, default 1
            Rounds over the touched users, then the touched items. All others stay as they are. On an unfitted model
            those of the constructor count.
        progress, callback
            As in `fit`.

        Returns
        -------
        The model itself. If `partial_fit` raises or is interrupted, it is left as it was.

        Notes
        -----
        Cost: that of the touched rows, and some passes over all entries to merge them. New users with items that the
        model knows get the factors that `transform_users` gives them. `objective_` is that after each round.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
        >>> model = coals.ImplicitALS(factors=2, random_state=0).fit(plays)
        >>> model = model.partial_fit(coals.Interactions.from_arrays(["cem"], ["y"]))
        >>> model.recommend("cem").ids[0][:1]
        array(['x'], dtype=object)
        """
        self._partial_fit(X, None, [user_features, item_features], iterations, progress, callback)
        return self

    def transform_users(self, X: Any, *, features: Any = None, unknown: str = "raise") -> Array:
        """Factors of new users, given the items as they are.

        Parameters
        ----------
        X : scipy sparse matrix of shape (n, n_items), or Interactions with item ids
            Strengths of n new users.
        features : sparse or dense matrix of shape (n, p), table or mapping by user id, or None
            Features of the new users, for a model that was fitted with `user_features`.
        unknown : {"raise", "skip"}, default "raise"
            What becomes of item ids that the model does not know: a ValueError that names one, or their entries are
            left out.

        Returns
        -------
        ndarray of shape (n, K)
            The exact solution of each row, as `fit` would find it with these items. Rows without entries get what
            their features predict, else zeros.

        Examples
        --------
        >>> import scipy.sparse as sp
        >>> plays = sp.csr_array([[3, 1, 0, 0], [2, 0, 1, 0], [0, 0, 4, 1], [0, 0, 1, 2]])
        >>> model = coals.ImplicitALS(factors=2, random_state=0).fit(plays)
        >>> model.transform_users(plays[:2]).shape
        (2, 2)
        """
        return self._transform(0, X, None, features, unknown)[0]

    def transform_items(self, X: Any, *, features: Any = None, unknown: str = "raise") -> Array:
        """`transform_users` for new items: X is (n, n_users), or Interactions with user ids."""
        return self._transform(1, X, None, features, unknown)[0]

    _drops_zeros = True

    def _core_options(self, iterations: int = 1) -> _core.ImplicitFitOptions:
        return _core.ImplicitFitOptions(
            self._common_options(iterations),
            objective=self.objective,
            alpha=float(self.alpha),
            unobserved_weight=float(self.unobserved_weight),
        )

    def _prepared(self, data: Interactions, weights: Any, features: list[Any], start: Start) -> Fit:
        values = data.matrix.data
        if not np.any(values):
            raise ValueError("values: no entry is positive: implicit feedback needs interactions, with a value above 0")
        seen = with_values(data, self.dtype)
        entries = seen if np.all(values) else with_values(data.select(values != 0), self.dtype)
        evidence = rows_where(entries, positive=True), columns_where(entries, positive=True)
        return Fit(data, entries, start, features, evidence, seen=seen)

    def _run(self, fit: Fit, iterations: int, on_sweep: OnSweep) -> None:
        (users, items), rows, priors = fit.factors, fit.rows, fit.native_priors()
        options = self._core_options(iterations)
        _core.fit_implicit(fit.entries, options, users, items, on_sweep, *rows, *priors, self._threads)

    def _solve_rows(
        self, side: int, rows: Rows, prior: Array | None, bias_prior: Array | None
    ) -> tuple[Array, Array | None]:
        fixed = (self.item_factors_, self.user_factors_)[side]
        factors = np.zeros((rows.entries.rows, fixed.shape[1]), fixed.dtype)
        gram, options = _fixed_gram(self, 1 - side), self._core_options()
        _core.fold_in_implicit(rows.entries, f"{SIDES[side]}s", fixed, gram, options, factors, prior, self._threads)
        return factors, None

    def _row_system(self, row: int, item: int) -> tuple[RowSystem, Array, Array | None]:
        indptr, indices, values = self._entries_.to_arrays()
        own = slice(indptr[row], indptr[row + 1])
        y = self.item_factors_[indices[own]].astype(np.float64)
        strength = values[own].astype(np.float64)
        weight = float(self.alpha) * np.abs(strength)
        shared = float(self.unobserved_weight)
        target = np.where(strength > 0, weight + (shared if self.objective == "hkv" else 0.0), 0.0)
        ridge = float(_core.row_penalties(self._core_options(), "users", self.n_items_, np.array([len(y)]))[0])
        system = RowSystem(y, weight, target, shared * _fixed_gram(self, 1), ridge, self._user_prior(row))
        return system, self.item_factors_[item].astype(np.float64), self._active(row)


def _fixed_gram(model: Any, side: int) -> npt.NDArray[np.float64]:
    """Gram matrix of one side of a fitted model, computed once.

    As during the fit, users and items without entries take no part: features may have given them factors, but their
    cells were never part of the objective.
    """
    grams: dict[int, npt.NDArray[np.float64]] = vars(model).setdefault("_grams_", {})
    if side not in grams:
        factors = (model.user_factors_, model.item_factors_)[side]
        if model._features_[side] is not None:
            entries = model._entries_
            factors = factors[(columns_where if side else rows_where)(entries, positive=False)]
        grams[side] = _core.gram(factors, model._threads)
    return grams[side]
