"""One proof, given once."""
