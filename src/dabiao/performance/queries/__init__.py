"""Reads of performance, one file a question; all of them ask `performance.measuring` and see as the viewer does."""
