"""What was done through /admin, by whom, and what came of it."""
