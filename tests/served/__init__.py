"""The API as it is served: processes of its own, and callers with sockets of their own."""
