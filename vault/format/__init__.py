"""What the server may read: pure, no key needed."""
