"""Models with one item-item weight matrix."""
