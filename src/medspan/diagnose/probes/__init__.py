"""One hypothesis per file."""
