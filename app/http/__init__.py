"""What all routes share: bodies, parameters, cursors, answers, problems."""
