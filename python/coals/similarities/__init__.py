"""Similarity measures, neighborhoods, and counts of pairs."""
