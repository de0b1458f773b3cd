"""`coals.search`: hyperparameter search on held-out data."""
