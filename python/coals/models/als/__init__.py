"""Models fitted by alternating least squares: ImplicitALS, ExplicitALS and GloVe."""
