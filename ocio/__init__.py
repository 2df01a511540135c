"""Colour: spaces by any of their names, and the way to scene-linear and back."""
