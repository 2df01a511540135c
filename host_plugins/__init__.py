"""host_plugins."""
