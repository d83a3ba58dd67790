"""A template and lines of data, to the letters of a mailing."""
