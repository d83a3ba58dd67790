"""One file per aim of the sealing service."""
