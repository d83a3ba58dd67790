"""Proofs and law."""
