"""Processes start here."""
