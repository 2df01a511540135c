"""Files by their digest on disk, and the thread that moves them over the wire."""
