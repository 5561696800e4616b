"""Threads of one process: whose turn the Python parts are, and how many BLAS may use."""
