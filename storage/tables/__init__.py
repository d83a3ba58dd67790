"""Every column the server can see, one file per owner."""
