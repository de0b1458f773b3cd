"""The model file format: writing, reading and checking it."""
