"""A pretend sub-system: receives the hub's callbacks, verifies and answers them, and shows them."""
