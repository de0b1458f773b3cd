"""Benchmarks of accuracy, under one protocol. `python -m bench.quality --help` says how to run it."""
