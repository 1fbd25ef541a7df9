"""The way of an event, from the request to the hypertable."""
