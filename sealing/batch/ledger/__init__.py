"""What became of each letter: the truth of a mailing, who may hold it, and who is told."""
