"""The algorithms of coals in plain NumPy float64: the specification people can read, the tests' oracle and the
benchmarks' baseline. One function per algorithm; loops are allowed, speed is not asked for."""

from coals.reference import (
    als,
    content,
    cooccurrence,
    ease,
    events,
    glove,
    graph_filters,
    metrics,
    neighbors,
    neural,
    popularity,
    rerank,
    sgd,
    similarity,
    svd,
    topk,
    walks,
)

__all__ = [
    "als",
    "content",
    "cooccurrence",
    "ease",
    "events",
    "glove",
    "graph_filters",
    "metrics",
    "neighbors",
    "neural",
    "popularity",
    "rerank",
    "sgd",
    "similarity",
    "svd",
    "topk",
    "walks",
]
