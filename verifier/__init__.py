"""What an agent may believe."""
