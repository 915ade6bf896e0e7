"""From the rows of a source to rows of tables: shaped, checked, staged, made one per key."""
