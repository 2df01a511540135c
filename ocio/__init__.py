"""ocio."""
