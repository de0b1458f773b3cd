"""Shared by all benchmarks: generated data, contenders in processes that take turns, text tables."""
