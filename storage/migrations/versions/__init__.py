"""One file per revision of the database, in the order of their numbers."""
