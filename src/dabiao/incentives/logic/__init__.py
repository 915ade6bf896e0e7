"""How a plan is run over the facts of a snapshot."""
