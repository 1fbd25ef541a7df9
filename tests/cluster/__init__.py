"""Redis as a cluster, and as a service that sentinels watch."""
