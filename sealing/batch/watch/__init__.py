"""A folder whose letters are sealed as they arrive."""
