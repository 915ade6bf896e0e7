"""Pages of facts."""
