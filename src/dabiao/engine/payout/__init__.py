"""Payouts that explain themselves: a plan as data, its lines as expressions, its statement as small values."""
