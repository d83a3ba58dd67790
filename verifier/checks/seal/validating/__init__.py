"""pyHanko's validation, and what is known of it already."""
