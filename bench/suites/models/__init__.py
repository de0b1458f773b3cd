"""Models other than ALS and neighbors, held against other libraries that have them."""
