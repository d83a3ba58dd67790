"""The ANTS code, 2D-Doc, pure."""
