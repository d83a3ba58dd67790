"""A dictionary of commands: file name = command name."""
