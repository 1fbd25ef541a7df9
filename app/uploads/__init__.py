"""Uploads: files that go from callers straight to an object store, and become items once."""
