"""Neighbourhoods of items against other libraries. `python -m bench.knn --help` says how to run it."""
