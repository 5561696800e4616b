"""The command line: what every regularizer does to data, bundled or the user's own."""
