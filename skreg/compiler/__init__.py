"""Compilation by numba: the decorators, and what they change in its pipeline."""
