"""What watches a training: one callback per file."""
