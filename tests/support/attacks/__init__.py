"""Forged files of every known class, made from freshly sealed letters, each with its one answer."""
