"""The two parties' keys; never loaded by the server."""
