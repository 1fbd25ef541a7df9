"""Labels: actors and items whose events count nothing in lists that fade."""
