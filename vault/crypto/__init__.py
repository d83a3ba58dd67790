"""What only a client may do; never loaded by the server."""
