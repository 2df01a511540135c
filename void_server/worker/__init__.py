"""The process that does the work: one job at a time, on one device."""
