"""Rankings: runs, snapshots, the lists that are served, and why an item stands where it does."""
