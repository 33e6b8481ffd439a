"""One file per trainer: what it leaves in a run's folder, and where it says what."""
