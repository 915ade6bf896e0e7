"""Pages of the organisation, by question: people, units, users."""
