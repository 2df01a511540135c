"""The server's one process that all talk to: jobs, store, worker processes. Holds no pixels."""
