"""The way to the database: the pool, the migrations, and the typed queries."""
