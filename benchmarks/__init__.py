"""Benchmarks: one file a claim, each `python -m benchmarks.NAME [--quick] --out DIR`."""
