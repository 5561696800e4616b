"""Random numbers: by counter, in both engines alike; orders of rows."""
