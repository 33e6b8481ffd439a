"""Fine-tune language models to extract medical entities and relations verbatim, and know why a run fails."""

__version__ = "0.1.0"
