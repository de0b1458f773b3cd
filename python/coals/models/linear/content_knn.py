"""ContentKNN: recommends items whose features or texts are like those of the user's items."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import scipy

from coals import _core
from coals._util.checks import refuse_unordered, type_word
from coals.data.features import check_features
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.labels import has_index, values_by_id
from coals.models.fit_memory import RANKED, Bytes, Shape, csr, itemsize_of, neighbor_lists, value_size
from coals.models.linear.linear_model import LinearModel
from coals.similarities.neighborhoods import neighbor_options

__all__ = ["ContentKNN", "tfidf"]

_WORD = re.compile(r"\b\w\w+\b")


class ContentKNN(LinearModel):
    r"""Scores items by how similar their features, or texts, are to those of a user's items.

    The score of item j is :math:`\sum_{i \in H_u} x_{ui} \cos(f_i, f_j)` over the items :math:`H_u` of user u, where
    :math:`f_i` is the feature row of item i. Item i adds to the sum only if j is one of its `neighbors` most similar
    items. Items without users can be recommended, by their features.

    Parameters
    ----------
    vectorizer : object or None, default None
        Turns texts into features with its method ``fit_transform(texts)``, as scikit-learn's vectorizers do. None
        weights words by TF-IDF, as scikit-learn's TfidfVectorizer does by default.
    neighbors : int or None, default 100
        Keep that many most similar items for each item, ties to the lower index; None keeps all.
    weighted : bool, default False
        x holds the values of the entries; otherwise ones.
    dtype : {"float32", "float64"}, default "float32"
        Precision of similarities. Scores are float64.
    memory_limit : int or None, default None
        Most bytes that finding neighbors may take; more is an error.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : scipy.sparse.csr_array of shape (n_items, n_items)
        Cosines; row i holds the neighbors of item i.

    Notes
    -----
    Cosines of TF-IDF vectors: Salton, Buckley 1988; in recommenders, Pazzani, Billsus 2007. Cost: for each feature the
    square of the number of items that have it; a list costs the number of neighbors of the user's items.

    Examples
    --------
    >>> data = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["b1", "b2", "b3"])
    >>> texts = {"b1": "red wine", "b2": "old castles", "b3": "wine and castles, castles and wine"}
    >>> model = coals.ContentKNN().fit(data, item_text=texts)
    >>> model.recommend("ann", n=1).ids
    array([['b3']], dtype='<U2')
    """

    _not_saved = ("vectorizer",)

    vectorizer: Any

    _space: ClassVar[dict[str, list[Any]]] = {"neighbors": [10, 30, 100, None]}

    def __init__(
        self,
        *,
        vectorizer: Any = None,
        neighbors: int | None = 100,
        weighted: bool = False,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        if isinstance(self.vectorizer, type):
            name = self.vectorizer.__name__
            raise TypeError(f"vectorizer must be an instance, got the class {name}: write {name}()")
        if self.vectorizer is not None and not hasattr(self.vectorizer, "fit_transform"):
            raise TypeError(f"vectorizer must have a method fit_transform, got {type_word(self.vectorizer)}")

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz, _, features = shape
        sparse = csr(users, nnz, value_size(self)) + csr(users, nnz, 0)
        learned = 3 * neighbor_lists(items, self.neighbors, items * items, itemsize_of(self))
        return sparse, learned, (RANKED + 4) * csr(items, features, 8) + threads * items * 16

    def fit(
        self, X: Any, *, item_features: Any = None, item_text: Any = None, progress: bool | None = None
    ) -> ContentKNN:
        """Finds similar items from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
        item_features : sparse or dense matrix of shape (n_items, p), table, mapping of item id to row, or None
            A row of finite numbers for each column of X. Only directions matter, not lengths. Tables and mappings are
            matched by id: see `ImplicitALS.fit`.
        item_text : sequence of n_items strings, mapping of item id to string, pandas Series, or None
            Texts in place of features. A mapping, or a Series with item ids as its index, may lack some items and
            contain unknown ones. If `item_features` and `item_text` are None, the titles of X are the texts.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        ContentKNN
            Itself. If `fit` raises or is interrupted, the model is left unfitted.
        """
        return self._fit_or_forget(self._start_fit(X), progress, item_features, item_text)

    def _find_weights(
        self, data: Interactions, entries: _core.Csr, item_features: Any = None, item_text: Any = None
    ) -> _core.Csr:
        features = self._features(data, item_features, item_text)
        by_feature = features.T.tocsr()
        by_feature.sort_indices()
        columns = _core.Csr(by_feature.indptr, by_feature.indices, by_feature.data, data.n_items, "float64")
        keep = neighbor_options(data, self.neighbors, None, None, self.memory_limit)
        return _core.item_products(columns, True, 0.0, 1, 1, keep, self.dtype, self._threads)

    def _features(self, data: Interactions, item_features: Any, item_text: Any) -> Any:
        if item_features is not None:
            if item_text is not None:
                raise ValueError("item_features and item_text were both given: give one of them")
            return check_features("item_features", item_features, data.items)
        texts = _texts(data, item_text)
        features = tfidf(texts) if self.vectorizer is None else self.vectorizer.fit_transform(texts)
        shape = getattr(features, "shape", None)
        if not isinstance(shape, tuple) or len(shape) != 2:
            given = type(features).__name__ + ("" if shape is None else f" of shape {shape}")
            raise TypeError(f"fit_transform of vectorizer must return a matrix of shape (n_items, p), got {given}")
        if shape[1] == 0:
            raise ValueError("item_text holds no word: give texts with words of two letters and more")
        return check_features("features of item_text", features, IdIndex(None, data.n_items, "item"))


def _texts(data: Interactions, item_text: Any) -> list[str]:
    if item_text is None:
        if data.item_titles is None:
            raise ValueError("ContentKNN needs item_features, item_text, or data with item titles")
        return [str(title) for title in data.item_titles]
    if isinstance(item_text, (str, bytes)) or not isinstance(item_text, Iterable):
        raise TypeError(f"item_text must be a sequence of strings or a mapping, got {reprlib.repr(item_text)}")
    labelled = isinstance(item_text, Mapping) or has_index(item_text)
    if not labelled:
        refuse_unordered("item_text", item_text)
    texts = list(values_by_id("item_text", item_text, data.items))
    if labelled:
        texts = ["" if text is None else text for text in texts]
    if len(texts) != data.n_items:
        raise ValueError(f"item_text must hold {data.n_items} texts, one for each item, got {len(texts)}")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"item_text must hold strings, got {text!r} for item {place}")
    return texts


def tfidf(texts: Sequence[str]) -> Any:
    """texts x words csr_array: count * (ln((1 + n) / (1 + df)) + 1), for lower-case words of at least two letters.

    Columns are in alphabetical order of words. Unlike with scikit-learn's TfidfVectorizer, rows are not normalized.

    >>> tfidf(["red wine", "red", "Wine, red wine"]).toarray().round(2)
    array([[1.  , 1.29],
           [1.  , 0.  ],
           [1.  , 2.58]])
    """
    found = [_WORD.findall(text.lower()) for text in texts]
    words = sorted({word for text in found for word in text})
    place = {word: k for k, word in enumerate(words)}
    columns = np.array([place[word] for text in found for word in text], dtype=np.int64)
    rows = np.repeat(np.arange(len(found)), [len(text) for text in found])
    counts = scipy.sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(found), len(words))).tocsr()
    counts.sum_duplicates()
    df = np.bincount(counts.indices, minlength=len(words))
    idf = np.log((1 + len(found)) / (1 + df)) + 1
    return scipy.sparse.csr_array((counts.data * idf[counts.indices], counts.indices, counts.indptr), counts.shape)
