"""Columns from CSV files, Parquet files and data frames, before they become interactions."""
