"""Models other than ALS and neighbors, compared with other libraries that have them."""
