"""Benchmarks of coals. README.md says what is compared with what."""
