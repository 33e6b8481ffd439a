"""What computes answers: one engine per file."""
