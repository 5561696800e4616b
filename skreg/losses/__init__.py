"""The losses: what each says of the target, and its formula in both engines."""
