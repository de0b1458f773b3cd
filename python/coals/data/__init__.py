"""Interactions and events: construction, ids, titles, checks of sparse matrices."""
