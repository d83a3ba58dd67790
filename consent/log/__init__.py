"""Public Merkle log, RFC 9162."""
