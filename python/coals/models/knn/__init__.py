"""Nearest-neighbour models: ItemKNN, UserKNN and ItemCooccurrence."""
