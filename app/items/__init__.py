"""The catalogue: entries, lists of them, and what rankings leave out."""
