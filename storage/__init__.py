"""The ground: what must lie below everything."""
