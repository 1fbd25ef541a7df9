"""Everything on one machine: the embedded engine, the API and the worker, watched."""
