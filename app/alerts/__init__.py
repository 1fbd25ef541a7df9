"""Alerts on their way: signed webhooks that the worker sends, and the stream that the API holds."""
