"""GloVe: vectors of items, or words, from how often they occur near each other."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number, check_random_state
from coals._util.limits import LARGEST, LONGEST_LIST, MOST_FACTORS
from coals.data.events import Events
from coals.data.interactions import Interactions
from coals.data.native import as_values, structure
from coals.data.titles import title_finder
from coals.data.unknown_ids import check_unknown, known_places
from coals.models.als.explicit import ExplicitALS
from coals.models.als.fit import Copies, OnSweep, learn
from coals.models.als.glove_counts import log_counts
from coals.models.als.start import start_of
from coals.models.base import Array, Indices
from coals.models.factors.inner_product import InnerProductModel
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of
from coals.models.folded_rows import Rows
from coals.models.sweeps import Callback, check_callbacks
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.packed import packed
from coals.ranking.recommendations import Recommendations, TopN, padded
from coals.ranking.unit_rows import unit_rows

__all__ = ["GloVe"]


class GloVe(InnerProductModel):
    r"""Item vectors whose inner products tell how often items occur together, fitted by alternating least squares.

    Over the pairs of items with a count :math:`x_{ij} > 0` minimises

    .. math:: \sum f(x_{ij}) (\log x_{ij} - \mu - b_i - c_j - w_i \cdot \tilde w_j)^2
        + \lambda \sum_i (|w_i|^2 + b_i^2 + |\tilde w_i|^2 + c_i^2), \quad f(x) = \min(1, (x / x_{max})^{3/4})

    in sweeps that solve each side exactly; no half-sweep lets this rise. A user's score for item j is the mean of
    :math:`w_i \cdot \tilde w_j` over the user's items i: how far above what their biases say the two occur together.
    Items are similar by the cosine of :math:`w + \tilde w`.

    Parameters
    ----------
    factors : int, default 64
        Length K of each vector.
    window : int or None, default 10
        Of `Events`: count pairs at most this many positions apart; None counts all pairs of a group. `Interactions`
        have no order: a pair counts 1 for each user who has both.
    inverse_distance : bool, default True
        Of `Events`: a pair d places apart counts 1/d, else 1.
    min_count : float, default 0.0
        Leave out pairs that count less.
    x_max : float, default 100.0
        Count from which on pairs weigh 1.
    weight_exponent : float, default 0.75
        From 0, which weighs all pairs alike, to 10.
    regularization : float, default 0.1
        :math:`\lambda`, > 0. GloVe has none; exact solutions need some.
    iterations : int, default 15
        Most sweeps over both sides.
    dtype : {"float32", "float64"}, default "float32"
    memory_limit : int or None, default None
        Most bytes that counting may take; more is an error.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.
    tolerance : float, default 0.0
        Stop when a sweep lowers the objective by less than this share; 0 runs all `iterations`.

    Attributes
    ----------
    item_factors_ : ndarray of shape (n_items, K)
        :math:`w + \tilde w`, the vectors of the items; zero for those that occur with no other.
    main_factors_, context_factors_ : ndarray of shape (n_items, K)
        :math:`w` and :math:`\tilde w`.
    main_bias_, context_bias_ : ndarray of shape (n_items,)
        b and c.
    global_mean_ : float
        :math:`\mu`, the weighted mean of the logarithms.
    user_factors_ : ndarray of shape (n_users, K)
        Means of :math:`w` over the user's items.
    objective_ : ndarray of float64, shape (sweeps,)
        After each sweep.

    Notes
    -----
    Pennington, Socher, Manning 2014, whose counts these are but for pairs of an item with itself, which are left out;
    there by Adagrad, here by ALS. Cost: counting, then 2 nnz K² + 2 n K³/3 multiply-adds a sweep for n items and nnz
    pairs. Memory: 40 bytes a pair in single precision; never a dense items x items matrix. Pairs that never occur
    together say nothing, so vectors need data in which most items meet now and then.

    Examples
    --------
    >>> text = "a king rules , a queen rules , a cat sleeps , a dog sleeps ,".split()
    >>> words = coals.Events.from_arrays(["text"] * len(text), text)
    >>> model = coals.GloVe(factors=4, window=3, x_max=5, regularization=0.01, random_state=0).fit(words)
    >>> model.similar_items("king", n=1).ids
    array([['queen']], dtype='<U6')
    """

    factors: int
    main_factors_: Array
    context_factors_: Array
    main_bias_: Array
    context_bias_: Array
    global_mean_: float
    objective_: npt.NDArray[np.float64]

    _fitted: ClassVar[Axes] = {
        "main_factors_": ("items", "factors"),
        "context_factors_": ("items", "factors"),
        "main_bias_": ("items",),
        "context_bias_": ("items",),
        "global_mean_": (),
        "objective_": ("sweeps",),
    }

    _space: ClassVar[dict[str, list[Any]]] = {
        "factors": [32, 64, 128],
        "x_max": [10.0, 100.0],
        "regularization": [0.1, 0.3, 1.0, 3.0],
    }

    def __init__(
        self,
        *,
        factors: int = 64,
        window: int | None = 10,
        inverse_distance: bool = True,
        min_count: float = 0.0,
        x_max: float = 100.0,
        weight_exponent: float = 0.75,
        regularization: float = 0.1,
        iterations: int = 15,
        dtype: str = "float32",
        memory_limit: int | None = None,
        random_state: Any = None,
        num_threads: int | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self.factors = factors
        self.window = window
        self.inverse_distance = inverse_distance
        self.min_count = min_count
        self.x_max = x_max
        self.weight_exponent = weight_exponent
        self.regularization = regularization
        self.iterations = iterations
        self.dtype = dtype
        self.memory_limit = memory_limit
        self.random_state = random_state
        self.num_threads = num_threads
        self.tolerance = tolerance

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=MOST_FACTORS)
        if self.window is not None:
            check_int("window", self.window, minimum=1, maximum=2**62)
        check_bool("inverse_distance", self.inverse_distance)
        check_number("min_count", self.min_count, minimum=0, maximum=LARGEST)
        check_number("x_max", self.x_max, minimum=0, strict=True, maximum=LARGEST)
        check_number("weight_exponent", self.weight_exponent, minimum=0, maximum=10)
        check_number("regularization", self.regularization, minimum=0, strict=True, maximum=LARGEST)
        check_int("iterations", self.iterations, minimum=1)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        if self.memory_limit is not None:
            check_int("memory_limit", self.memory_limit, minimum=0)
        check_random_state(self.random_state)
        check_number("tolerance", self.tolerance, minimum=0)

    # --- fitting ---

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz, pairs = shape[:4]
        s = itemsize_of(self)
        logs = csr(items, pairs, 8) + 8 * pairs + 2 * csr(items, pairs, s) + 2 * pairs * s
        learned = (3 * items + users) * (self.factors + 1) * s
        padded = -(-(self.factors + 1) // 16) * 16
        last_chunks = min(pairs, threads << 20) * 8  # pairs are counted into chunks of this size
        workspace = threads * s * padded * (128 + 3 * padded) + last_chunks
        return logs + csr(users, nnz, s) + csr(users, nnz, 0), learned, workspace

    def fit(self, X: Any, *, progress: bool | None = None, callback: Any = None) -> GloVe:
        """Counts pairs and learns vectors from scratch.

        Parameters
        ----------
        X : Events, Interactions or scipy sparse matrix, shape (n_users, n_items)
            The groups of `Events` are the users. Values of entries do not count.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, list of callables, or None
            Each is called with a `Sweep` after each sweep; True ends the fit. What it raises is passed on.

        Returns
        -------
        GloVe
            Itself. If `fit` raises or is interrupted, the model is left unfitted.

        Raises
        ------
        TypeError, ValueError
            Data that cannot be used; counting that takes more than `memory_limit`; an objective that overflows.
        """
        callbacks = check_callbacks(callback)
        events = X if isinstance(X, Events) else None
        data = self._start_fit(X if events is None else X.to_interactions())
        return self._fit_or_forget(data, progress, events, callbacks)

    def _fit(self, data: Interactions, progress: bool | None, events: Events | None, callbacks: list[Callback]) -> None:
        counted = log_counts(self, data, events)
        if counted is None:
            self._finish(data, self._blank(data.n_items), [])
            return
        pairs, weights = counted
        als = ExplicitALS(
            factors=self.factors,
            regularization=float(self.regularization),
            dtype=self.dtype,
            random_state=self.random_state,
            num_threads=self.num_threads,
            tolerance=self.tolerance,
        )
        start = start_of(als, (pairs.users, pairs.items))
        fit = als._prepared(pairs, as_values("weight", weights, pairs, self.dtype), [None, None], start)

        def run(on_sweep: OnSweep) -> None:
            try:
                als._run(fit, self.iterations, on_sweep)
            except _core.SingularSystemError as error:
                item = data.items.decode(np.array([error.row])).tolist()[0]
                raise ValueError(
                    f"item {item!r}: rounding of {self.dtype} leaves its vector undetermined: set a larger "
                    "regularization, or use dtype='float64'"
                ) from None

        def fitted_by(report: _core.SweepReport, copies: Copies) -> dict[str, Any]:
            return self._result(als._fitted_by(fit, report, copies))

        def finish(model: GloVe, fitted: dict[str, Any], history: list[float]) -> None:
            model._finish(data, fitted, history)

        learn(self, run, fitted_by, finish, self.iterations, progress, callbacks)

    def _blank(self, n_items: int) -> dict[str, Any]:
        """Of data in which no two items are together."""
        vectors, bias = np.zeros((n_items, self.factors), self.dtype), np.zeros(n_items, self.dtype)
        names = ("item_factors_", "main_factors_", "context_factors_")
        fitted: dict[str, Any] = {name: vectors.copy() for name in names}
        nowhere = np.zeros(n_items, bool)
        return fitted | {
            "main_bias_": bias, "context_bias_": bias.copy(), "global_mean_": 0.0, "_candidates_": nowhere,
        }  # fmt: skip

    def _result(self, found: dict[str, Any]) -> dict[str, Any]:
        return {
            "item_factors_": found["user_factors_"] + found["item_factors_"],
            "main_factors_": found["user_factors_"],
            "context_factors_": found["item_factors_"],
            "main_bias_": found["user_bias_"],
            "context_bias_": found["item_bias_"],
            "global_mean_": found["global_mean_"],
            "_candidates_": found["_candidates_"],
        }

    def _finish(self, data: Interactions, fitted: dict[str, Any], history: list[float]) -> None:
        vars(self).update(fitted)
        self.objective_ = np.array(history, dtype=np.float64)
        seen = structure(data)
        self.user_factors_, self._known_users_ = self._means(seen)
        self._finish_fit(data, seen)

    # --- scores: the mean vector of a user's items times the context vectors of all ---

    def _means(self, entries: _core.Csr) -> tuple[Array, npt.NDArray[np.bool_]]:
        """The mean vector of the items of each row, and which rows have an item that occurs with others."""
        indptr, indices, _ = entries.to_arrays()
        sizes = np.diff(indptr)
        shares = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(self.dtype)
        rows = _core.Csr(indptr, indices, shares, entries.columns, self.dtype)
        paired = np.append(0, np.cumsum(self._candidates_[indices]))[indptr]
        return _core.multiply_sparse(rows, self.main_factors_, self._threads), np.diff(paired) > 0

    def _targets(self) -> Array:
        return self.context_factors_

    def _target_sources(self) -> tuple[Array, ...]:
        return (self.context_factors_,)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        return self._products(users, items, self.context_factors_)

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        means, known = self._means(rows.entries)
        return self._rank(means, n, excluded, known)

    # --- analogies ---

    def analogy(self, positive: Any, negative: Any = (), n: int = 10, *, unknown: str = "raise") -> Recommendations:
        """The `n` items nearest to the sum of some items' directions less that of others.

        Parameters
        ----------
        positive, negative : id or sequence of ids
            ``analogy(["king", "woman"], ["man"])`` asks what is to king as woman is to man.
        n : int, default 10
        unknown : {"raise", "skip"}, default "raise"
            What becomes of an id that the model does not know: a ValueError that names it, or it is left out.

        Returns
        -------
        Recommendations
            One list, by cosine, without the items given.

        Raises
        ------
        ValueError
            For an unknown id, or an item that occurs with no other and so has no vector.

        Notes
        -----
        Mikolov et al. 2013, on vectors of length 1. Cost: one pass over the vectors.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays([1, 1, 1, 2, 2, 3, 3], ["a", "b", "c", "a", "b", "b", "c"])
        >>> model = coals.GloVe(factors=2, random_state=0).fit(plays)
        >>> model.analogy(["a", "b"], n=5).counts
        array([1])
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        places = [known_places(self.item_index_, given, check_unknown(unknown)) for given in (positive, negative)]
        if len(places[0]) + len(places[1]) == 0:
            raise ValueError("positive and negative are empty, or hold no known item: give at least one")
        given = np.unique(np.concatenate(places))
        blank = given[~self._candidates_[given]]
        if len(blank):
            item = self.item_index_.decode(blank[:1]).tolist()[0]
            raise ValueError(f"item {item!r} has no vector: it occurs with no other item")
        parts = [unit_rows(self.item_factors_[at].astype(np.float64))[0].sum(axis=0) for at in places]
        return self._near(parts[0] - parts[1], given, n)

    def _near(self, vector: npt.NDArray[np.float64], without: Indices, n: int) -> Recommendations:
        def make() -> _core.ItemIndex:
            return _core.ItemIndex(unit_rows(self.item_factors_)[0], self._candidates_, "inner_product", self._threads)

        index = packed(self, "directions", (self.item_factors_, self._candidates_), make)
        query = unit_rows(vector[None])[0].astype(self.item_factors_.dtype)
        excluded = _core.Csr(np.array([0, len(without)]), without.astype(np.int32), None, self.n_items_, "float32")
        ids, scores, counts = padded(
            TopN(*index.top_k(query, Filter(excluded), min(n, self.n_items_), "automatic", self._threads)), n
        )
        return Recommendations(self.item_index_.named(ids), scores, counts, titles=title_finder(self))
