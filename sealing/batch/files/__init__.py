"""What a mailing reads and writes on the disk: its list, its letters, the folder they go to."""
