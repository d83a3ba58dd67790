"""The agent's page, installable, off line."""
