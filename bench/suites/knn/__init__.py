"""Neighbourhoods of items against other libraries. `python -m bench.suites.knn --help` says how to run it."""
