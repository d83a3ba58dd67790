"""The words of a page against its codes."""
