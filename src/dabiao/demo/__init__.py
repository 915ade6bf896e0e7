"""A company that does not exist, simulated from a seed, to see the whole loop on."""
