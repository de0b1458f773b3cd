"""Words of texts, weighed by how rare they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

__all__ = ["tfidf"]

_WORD = re.compile(r"\b\w\w+\b")


def tfidf(texts: Sequence[str]) -> Any:
    """texts x words csr_array: count * (ln((1 + n) / (1 + df)) + 1), words of two and more letters in lower case.

    Words are in alphabetical order. But for the length of the rows this is scikit-learn's TfidfVectorizer.

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
