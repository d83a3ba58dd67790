"""The seals of a PDF: what they say, and whether it holds."""
