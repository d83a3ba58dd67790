"""What travels beside the seal, pure: takes a `sign` function, never a key."""
