"""History from files: checked, loaded in bulk, and counted as if it came as it happened."""
