"""Telling people, without content."""
