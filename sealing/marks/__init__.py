"""What the eye sees of a seal."""
