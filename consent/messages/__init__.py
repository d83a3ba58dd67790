"""Signed messages, each naming the one before by digest."""
