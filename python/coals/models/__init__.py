"""The contract of all models, code that several families share, and the models Popularity and Hybrid."""
