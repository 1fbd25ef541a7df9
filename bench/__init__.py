"""Benchmarks: each against its rivals in one run, as ratios."""
