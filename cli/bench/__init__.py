"""`coffre bench`: ours, the physical limit and peers in one run."""
