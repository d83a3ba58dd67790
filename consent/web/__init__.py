"""Screens of both sides."""
