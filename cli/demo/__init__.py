"""`coffre demo`: the whole story on embedded parts."""
