"""Benchmarks: the same contracts here and in other programs, in turn, in one run."""
