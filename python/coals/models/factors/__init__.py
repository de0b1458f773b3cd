"""Models that score by the inner product of factors: the shared base, SVD, BPR and SGDFactorization."""
