"""Benchmarks: one script per question, each printing a table of ratios measured in one run."""
