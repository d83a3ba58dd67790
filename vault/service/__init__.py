"""One file per aim of the safe; takes a session, ports and `now`."""
