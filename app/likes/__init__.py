"""What signed-in users like."""
