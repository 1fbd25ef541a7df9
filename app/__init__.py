"""Groundswell: engagement analytics and trending on TimescaleDB."""
