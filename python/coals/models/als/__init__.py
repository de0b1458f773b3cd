"""Models fitted by alternating least squares."""
