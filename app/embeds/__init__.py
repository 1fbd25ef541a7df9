"""What other sites show: elements by `/embed.js`, and a page for their frames."""
