"""The engine: one training loop, and two ways to run its epochs that give the same net."""
