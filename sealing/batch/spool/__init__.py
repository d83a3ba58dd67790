"""One big PDF of a print run, cut into letters."""
