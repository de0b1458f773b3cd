"""SparseEASE: predicts each item from its nearest neighbors by one regression in closed form."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice, check_int, check_number
from coals._util.limits import LARGEST
from coals.data.interactions import Interactions
from coals.data.native import values_or_ones, without_values
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of, value_size
from coals.models.linear.ease import check_ease_options, item_scale, penalties, weighted_entries
from coals.models.linear.linear_model import LinearModel, unsolvable
from coals.similarities.measures import COUNTED, Measure
from coals.similarities.neighborhoods import neighbor_options

__all__ = ["SYSTEM_BYTES", "SparseEASE"]

Floats = npt.NDArray[np.float64]

#: Most bytes of linear systems that a fit holds at a time.
SYSTEM_BYTES = 256 << 20


class SparseEASE(LinearModel):
    r"""Scores by the linear model of `EASE`, with weights only from the nearest neighbors of each item.

    The weights into item j come from its neighbors S alone. With :math:`G = X^\top \operatorname{diag}(n_u^{-\beta}) X`
    and :math:`\Lambda = \lambda I + \frac{p}{1-p} \operatorname{diag}(G)` they are

    .. math:: B_{Sj} = (G_{SS} + \Lambda_S)^{-1} G_{Sj}

    G sums over all users: the neighbors decide only which weights can differ from zero. With all other items as
    neighbors this is `EASE`, except for the diagonal. With few neighbors it takes a fraction of the time and memory,
    and usually ranks better. A user's scores are the row x of the user times B.

    Parameters
    ----------
    regularization : float, default 20.0
        :math:`\lambda`, > 0. The best value grows with the number of users an item has, and is about eight times as
        large with ``user_exponent=0``.
    neighbors : int or None, default 100
        Size of S, ties to the lower index; None takes all items that share a user with j.
    similarity : str, default "cosine"
        Chooses S. ``"cosine"`` is the cosine of two columns, from their products in G: :math:`G_{ij} / \sqrt{G_{ii}
        G_{jj}}`. The others are those of `coals.similarity` that follow from counts of users: ``"jaccard"``,
        ``"lift"``, ``"log_likelihood"`` and so on.
    shrinkage : float, default 0.0
        Multiplies the similarity of items that c users share by c / (c + `shrinkage`).
    user_exponent : float, default 0.5
        :math:`\beta`, from 0 to 2: a user with n items has the weight :math:`n^{-\beta}` in G. 0 gives all users
        the same weight.
    item_exponent : float, default 0.0
        From 0 to 2, as in `EASE`. Above 0, good values of `regularization` are far smaller.
    dropout : float, default 0.0
        p, at least 0 and below 1, as in `EASE`.
    max_diagonal : float, default 0.3
        :math:`\xi`, from 0 to 1, as in `EASE`: weights into j are multiplied by :math:`\max(\Lambda_j C_{jj}, 1 - \xi)`
        with C the inverse of :math:`G + \Lambda` on S and j. The diagonal itself is left out. 0 does not change the
        weights.
    strongest : int or None, default None
        Of the weights into each item, keep that many of largest magnitude, ties to the lower index; None keeps all.
    weighted : bool, default False
        x holds the values of the entries; otherwise ones, whatever the values.
    dtype : {"float32", "float64"}, default "float32"
        Precision of the systems and of the weights. Scores are float64.
    memory_limit : int or None, default None
        Most bytes that finding neighbors may take, and most bytes that linear systems may take at a time. Systems
        take up to 256 MiB at a time, or one system if that is larger; None sets no lower limit. A fit with less memory
        takes longer.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : scipy.sparse.csr_array of shape (n_items, n_items)
        B: row i holds what item i of a history adds to the score of each other item.

    Notes
    -----
    EASE: Steck 2019; on the neighbors of each item alone: Steck 2019b, section 4 (sparse approximation), and Ning and
    Karypis 2011 (fsSLIM). Cost: counting pairs, then half the sum over users of n² for n items of a user, once for each
    part of the systems that is held at a time, and k² / 2 reads and k³ / 6 multiply-adds for each item with k
    neighbors. Memory: about 30 bytes for each weight, and the systems. The defaults are the best of searches on three
    data sets (`bench.quality`).

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> baskets = sp.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]]))
    >>> model = coals.SparseEASE(neighbors=1, regularization=1, user_exponent=0, max_diagonal=0).fit(baskets)
    >>> model.weights_.toarray().round(3)
    array([[0.  , 0.5 , 0.  ],
           [0.5 , 0.  , 0.25],
           [0.  , 0.  , 0.  ]], dtype=float32)
    >>> model.recommend([3], n=1).ids
    array([[1]])
    """

    regularization: float
    similarity: str
    shrinkage: float
    user_exponent: float
    item_exponent: float
    dropout: float
    max_diagonal: float
    strongest: int | None

    _space: ClassVar[dict[str, list[Any]]] = {
        "neighbors": [50, 100, 200],
        "regularization": [6.0, 12.0, 25.0, 50.0],
        "max_diagonal": [0.0, 0.3],
    }

    def __init__(
        self,
        *,
        regularization: float = 20.0,
        neighbors: int | None = 100,
        similarity: str = "cosine",
        shrinkage: float = 0.0,
        user_exponent: float = 0.5,
        item_exponent: float = 0.0,
        dropout: float = 0.0,
        max_diagonal: float = 0.3,
        strongest: int | None = None,
        weighted: bool = False,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_ease_options(self)
        check_choice("similarity", self.similarity, COUNTED)
        check_number("shrinkage", self.shrinkage, minimum=0, maximum=LARGEST)
        if self.strongest is not None:
            check_int("strongest", self.strongest, minimum=1)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz, pairs = shape[:4]
        s, most = itemsize_of(self), items if self.neighbors is None else min(self.neighbors, items)
        kept = min(pairs, items * most)
        sparse = csr(users, nnz, value_size(self)) + csr(users, nnz, s) + 2 * csr(users, nnz, 8) + csr(users, nnz, 0)
        size = max(min(most, items - 1), 1)
        system = size * (size + 3) // 2 * s + 8 * size
        systems = min(max(self._room(), system), -(-kept // size) * system) + 24 * items
        return sparse, kept * (8 + 2 * (4 + s)), systems + nnz * (12 + 2 * s) + threads * items * 48

    def _room(self) -> int:
        """Bytes of linear systems at a time, unless a single one is larger."""
        return SYSTEM_BYTES if self.memory_limit is None else min(SYSTEM_BYTES, self.memory_limit)

    def _find_weights(self, data: Interactions, entries: _core.Csr) -> _core.Csr:
        scaled, strength = weighted_entries(entries, self.user_exponent, self.item_exponent)
        indptr, indices, _ = scaled.to_arrays()
        columns = _core.Csr(indptr, indices, values_or_ones(scaled), scaled.columns, "float64")
        found = self._regress(data, columns, self._support(data, columns), penalties(self, strength))
        if self.item_exponent > 0:
            found = _rescaled(found, item_scale(strength, self.item_exponent), self.dtype)
            if self.strongest is not None:
                found = _strongest(found, self.strongest, self.dtype)
        return found.transpose()

    def _support(self, data: Interactions, columns: _core.Csr) -> _core.Csr:
        """The neighbors: row j holds S of item j, without similarities."""
        keep = neighbor_options(data, self.neighbors, None, None, self.memory_limit)
        if self.similarity == "cosine":
            found = _core.item_products(columns, True, self.shrinkage, 1, 1, keep, "float32", self._threads)
        else:
            measure = Measure(self.similarity, shrinkage=self.shrinkage)
            found = _core.item_similarity(columns, measure.native(), keep, "float32", self._threads)
        return without_values(found)

    def _regress(self, data: Interactions, columns: _core.Csr, support: _core.Csr, penalty: Floats) -> _core.Csr:
        # Where weights are rescaled, the strongest are not yet known.
        kept = -1 if self.strongest is None or self.item_exponent > 0 else self.strongest
        options = float(self.max_diagonal), kept, self._room(), self.dtype, self._threads
        try:
            return _core.regress_on_supports(columns, support, penalty, *options)
        except _core.SingularSystemError as error:
            raise unsolvable(self, data, error) from None


def _rescaled(found: _core.Csr, scale: Floats, dtype: str) -> _core.Csr:
    """Multiplies value (j, i) by the scale of item i and divides it by that of item j."""
    indptr, indices, values = found.to_arrays()
    values = values * (scale[indices] / np.repeat(scale, np.diff(indptr)))
    return _core.Csr(indptr, indices, values, found.columns, dtype)


def _strongest(found: _core.Csr, count: int, dtype: str) -> _core.Csr:
    """Of each row the values of largest magnitude, ties to the lower index."""
    indptr, indices, values = found.to_arrays()
    sizes = np.diff(indptr)
    order = np.lexsort((indices, -np.abs(values), np.repeat(np.arange(found.rows), sizes)))
    kept = np.sort(order[np.arange(len(order)) - np.repeat(indptr[:-1], sizes) < count])
    kept_begin = np.concatenate(([0], np.cumsum(np.minimum(sizes, count))))
    return _core.Csr(kept_begin.astype(indptr.dtype), indices[kept], values[kept], found.columns, dtype)
