"""Bytes of a PDF in, bytes of a sealed PDF out."""
