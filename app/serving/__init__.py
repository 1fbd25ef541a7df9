"""From a finished run to the answer a caller reads: publish, hold in memory, serve."""
