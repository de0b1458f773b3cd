"""Benchmarks of time and memory, against other libraries and plain baselines."""
