"""One check a file; the file is named like its id."""
