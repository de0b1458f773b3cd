"""The algorithms of coals in plain NumPy float64: the specification people can read, the tests' oracle and the
benchmarks' baseline. One function per algorithm; loops are allowed, speed is not asked for."""

from coals.reference import als, cooccurrence, metrics, neighbors, popularity, rerank, similarity, topk

__all__ = ["als", "cooccurrence", "metrics", "neighbors", "popularity", "rerank", "similarity", "topk"]
