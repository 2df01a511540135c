"""Thin panels inside hosts; none in this version."""
