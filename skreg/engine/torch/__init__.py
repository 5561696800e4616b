"""The torch engine: single nets of any kind, and stacks of nets on a GPU."""
