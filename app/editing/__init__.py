"""The editor's hand: rules that say what lists show, and items that wait for review."""
