"""Reads of this room: why a number is off, and whether a measure has worked."""
