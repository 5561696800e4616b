"""Where other libraries differ from version to version."""
