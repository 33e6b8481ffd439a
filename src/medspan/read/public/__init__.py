"""Public corpora: what there is, fetched from its official places, verified and unpacked."""
