"""void_server."""
