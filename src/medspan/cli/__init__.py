"""The command line: one thin file per verb, and the only place where rooms are put together."""
