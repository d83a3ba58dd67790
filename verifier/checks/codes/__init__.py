"""The codes of a page: 2D-Docs and town codes."""
