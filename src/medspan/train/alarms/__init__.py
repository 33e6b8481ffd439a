"""The alarms of a training: one fault a file."""
