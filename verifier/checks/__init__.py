"""One file per proof, each returns Checks."""
