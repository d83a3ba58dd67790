"""Sealing a range of letters: the same work whatever the engine."""
