"""Models other than ALS and neighbours, held against other libraries that have them."""
