"""Putting the panels into a host, looking whether they are whole, and taking them away again."""
