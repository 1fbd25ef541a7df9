"""Comments, and who translates them."""
