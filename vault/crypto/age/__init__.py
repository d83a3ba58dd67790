"""Age v1, our own."""
