"""How the person gets in."""
