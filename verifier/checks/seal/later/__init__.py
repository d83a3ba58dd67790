"""What a revision after a seal may bring, and what takes the green away."""
