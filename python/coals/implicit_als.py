"""Implicit ALS: clicks, plays and purchases, where every cell that is not there counts too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coals import _core
from coals._checks import check_choice, check_number
from coals._factor_model import LARGEST, FactorModel, Sweep
from coals._native import pair_name, structure, with_values
from coals.interactions import Interactions

__all__ = ["ImplicitALS"]


class ImplicitALS(FactorModel):
    r"""Matrix factorisation of implicit feedback by alternating least squares.

    An entry :math:`r_{ij} > 0` is the strength of an observed interaction; a stored zero is none. With
    :math:`n_i` interactions of user i, both objectives sum over *all* cells, at the cost of the observed ones.

    ``objective="hkv"`` (Hu, Koren, Volinsky 2008):

    .. math:: \sum c_{ij} (p_{ij} - u_i \cdot v_j)^2 + \lambda \Big[ \sum_i n_i^\nu |u_i|^2 + \sum_j m_j^\nu |v_j|^2
        \Big]

    with :math:`p = 1, c = w_0 + \alpha r` where observed and :math:`p = 0, c = w_0` elsewhere.

    ``objective="ials"`` (Rendle et al. 2021):

    .. math:: \sum_{\Omega} \alpha r_{ij} (1 - u_i \cdot v_j)^2 + w_0 \sum_{all} (u_i \cdot v_j)^2
        + \lambda \Big[ \sum_i (n_i + w_0 N)^\nu |u_i|^2 + \sum_j (m_j + w_0 M)^\nu |v_j|^2 \Big]

    for M users and N items.

    Parameters
    ----------
    factors : int, default 64
        Length K of each factor vector.
    regularization : float or (float, float), default 1.0
        :math:`\lambda`, or one for users and one for items.
    regularization_exponent : float, default 0.5
        :math:`\nu`: how the penalty grows with the number of interactions; 0 is plain ridge.
    alpha : float, default 1.0
        Weight of one unit of strength, > 0.
    unobserved_weight : float, default 0.1
        :math:`w_0`, the weight of a cell without interaction, >= 0.
    objective : {"hkv", "ials"}, default "hkv"
    iterations : int, default 15
        Most sweeps over both sides.
    init : (user_factors, item_factors), optional
        Start, of shape (n_users, K) and (n_items, K). By default normal with variance 1/K.
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
        Zero for users and items without interactions.
    objective_ : ndarray of float64, shape (sweeps,)
        After each sweep.

    Notes
    -----
    Cost of a sweep: 2 nnz K² + (users + items)(K² + K³/3) multiply-adds. Memory: two copies of the data, the
    factors, and about (K + 256) K elements a thread. Nothing of size users x items is ever formed.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> plays = sp.csr_array(np.array([[3, 1, 0, 0], [2, 0, 1, 0], [0, 0, 4, 1], [0, 0, 1, 2]]))
    >>> model = coals.ImplicitALS(factors=2, regularization=0.1, random_state=0).fit(plays)
    >>> model.recommend([1], n=1).ids
    array([[1]])
    """

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float | tuple[float, float] = 1.0,
        regularization_exponent: float = 0.5,
        alpha: float = 1.0,
        unobserved_weight: float = 0.1,
        objective: str = "hkv",
        iterations: int = 15,
        init: Any = None,
        dtype: str = "float32",
        random_state: Any = None,
        num_threads: int | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self.factors = factors
        self.regularization = regularization
        self.regularization_exponent = regularization_exponent
        self.alpha = alpha
        self.unobserved_weight = unobserved_weight
        self.objective = objective
        self.iterations = iterations
        self.init = init
        self.dtype = dtype
        self.random_state = random_state
        self.num_threads = num_threads
        self.tolerance = tolerance

    def _check_params(self) -> None:
        super()._check_params()
        check_number("alpha", self.alpha, minimum=0, strict=True, maximum=LARGEST)
        check_number("unobserved_weight", self.unobserved_weight, minimum=0, maximum=LARGEST)
        check_choice("objective", self.objective, ("hkv", "ials"))

    def fit(
        self,
        X: Any,
        *,
        progress: bool | None = None,
        callback: Callable[[Sweep], None] | None = None,
    ) -> ImplicitALS:
        """Learns factors from interactions, afresh.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Strengths, none negative. A stored zero is no interaction, but counts as seen.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, optional
            Called with a `Sweep` (number, objective, seconds) after each one. What it raises is passed on.

        Returns
        -------
        ImplicitALS
            Itself. If `fit` raises or is interrupted, the model is left unfitted.
        """
        data = self._start_fit(X)
        observed = _positive(data)
        problem = _Problem(self, observed)

        def sweep() -> float:
            for side, name in enumerate(("user", "item")):
                try:
                    problem.solve(side)
                except _core.SingularSystemError as error:
                    raise self._singular(data, error, name) from None
            return problem.objective()

        self._run_sweeps(sweep, progress, callback)
        self.user_factors_, self.item_factors_ = problem.factors
        self._remember(structure(observed))
        self._finish_fit(data, structure(data))
        return self


def _positive(data: Interactions) -> Interactions:
    """The interactions without stored zeros. A negative strength is an error."""
    values = data.matrix.data
    if values.min() > 0:
        return data
    negative = np.flatnonzero(values < 0)
    if negative.size:
        entry = int(negative[0])
        row = int(np.searchsorted(data.matrix.indptr, entry, side="right")) - 1
        raise ValueError(
            f"{pair_name(data, row, int(data.matrix.indices[entry]))}: strength {values[entry]} is negative; "
            "ImplicitALS takes strengths of interactions, 0 or more. For ratings use ExplicitALS"
        )
    return data.select(values > 0)


class _Problem:
    """Strengths in both orientations and the factors that half-steps work on; side 0 is users, side 1 items."""

    def __init__(self, model: ImplicitALS, data: Interactions) -> None:
        by_user = with_values(data, model.dtype)
        self.strengths = (by_user, by_user.transpose())
        self.model = model
        self.factors = model._start_factors(data, biases=False)
        self.regularization = model._regularization_pair()
        self.exponent = float(model.regularization_exponent)
        # ials counts the share of unobserved cells towards a row's size.
        weight = float(model.unobserved_weight) if model.objective == "ials" else 0.0
        self.offset = (weight * data.n_items, weight * data.n_users)

    def _gram(self, side: int) -> Any:
        return _core.gram(self.factors[side], self.model._threads)

    def solve(self, side: int) -> None:
        model = self.model
        _core.solve_implicit_factors(
            self.strengths[side],
            self.factors[1 - side],
            self._gram(1 - side),
            model.objective,
            float(model.alpha),
            float(model.unobserved_weight),
            self.regularization[side],
            self.exponent,
            self.offset[side],
            self.factors[side],
            model._threads,
        )

    def objective(self) -> float:
        """The objective of the class docstring; the sum over all cells is an inner product of Gram matrices."""
        model = self.model
        total = _core.implicit_observed_loss(
            self.strengths[0],
            self.factors[1],
            model.objective,
            float(model.alpha),
            float(model.unobserved_weight),
            self.factors[0],
            model._threads,
        )
        grams = [self._gram(side).astype(np.float64) for side in (0, 1)]
        total += float(model.unobserved_weight) * float((grams[0] * grams[1]).sum())
        for side in (0, 1):
            weights = self.strengths[side].row_sizes() + self.offset[side]
            squares = np.einsum("ij,ij->i", self.factors[side], self.factors[side], dtype=np.float64)
            total += self.regularization[side] * float(weights**self.exponent @ squares)
        return float(total)
