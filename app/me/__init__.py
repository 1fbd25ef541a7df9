"""What a signed-in user may read and erase of itself."""
