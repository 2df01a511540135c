"""The contract between hosts and server: messages, wire, client, shots, errors."""

__version__ = "0.1.0"
