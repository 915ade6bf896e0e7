"""Random plans and random facts for them: what the validator accepts, rule by rule."""
