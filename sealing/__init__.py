"""What the town signs."""
