"""The node VoidRemove: the only code that imports Nuke."""
