"""The demo company as a pure function of a seed, a day and the events planted in it."""
