"""Who calls, and what they may do: keys, origins, client addresses."""
