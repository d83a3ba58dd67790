"""File in; codes, words and signatures out; hostile input lives here."""
