"""The compiled engine: blocks of epochs in one call of a kernel."""
