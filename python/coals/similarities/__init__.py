"""Similarity measures, neighbourhoods, and counts of pairs."""
