"""The sealing service's screens."""
