"""What signed-in users write below items, and what that is in other languages."""
