"""Qt widgets that know no host: the server's state and its jobs."""
