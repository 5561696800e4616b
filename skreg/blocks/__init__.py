"""What nets are built of: activations, normalization, torch modules."""
