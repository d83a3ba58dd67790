"""Whom to believe, at which date."""
