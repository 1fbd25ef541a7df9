"""Kafka as a sink: what was accepted, and what changed in lists."""
