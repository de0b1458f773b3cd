"""Reads columns from text, Parquet, JSON lines, SQL and data frames, before they become interactions."""
