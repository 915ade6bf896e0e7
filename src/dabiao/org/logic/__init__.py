"""The tree, and its seats."""
