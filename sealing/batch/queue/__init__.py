"""The engine of several machines: a queue in PostgreSQL, and who works at it."""
