"""One safe remedy a file."""
