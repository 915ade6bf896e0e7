"""How facts are read, understood, mapped and loaded."""
