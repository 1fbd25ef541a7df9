"""Whether a process can do its work, and what Prometheus is told."""
