"""A company's amount handed down: its axes and weights read here, the arithmetic done by the engine, the result kept."""
