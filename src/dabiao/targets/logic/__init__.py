"""How targets are handed down."""
