"""Shared by all benchmarks: generated data, child processes that take turns, text tables."""
