"""Our own code for documents without a 2D-Doc type, pure."""
