"""Models that score by the inner product of factors, and their shared base."""
