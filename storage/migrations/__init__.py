"""Alembic: the schema, one revision after the other."""
