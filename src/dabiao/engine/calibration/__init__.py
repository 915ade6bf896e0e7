"""Targets calibrated: what the market offers, what the team can carry and what the resources pay for (S2)."""
