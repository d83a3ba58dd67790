"""The verdict, told."""
