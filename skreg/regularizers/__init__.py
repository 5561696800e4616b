"""The regularizers' formulas, compiled and in torch, a file for each kind."""
