"""The SQL surface: its page, its ready queries, and the dashboards that are built on them."""
