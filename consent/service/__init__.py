"""One file per aim of the broker; takes a session, ports and `now`."""
