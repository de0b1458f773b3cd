"""Models with one item-item weight matrix: EASE, RP3beta, GraphFilter and ContentKNN."""
