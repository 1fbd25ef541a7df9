"""What a user may like next, by what the same users turned to."""
