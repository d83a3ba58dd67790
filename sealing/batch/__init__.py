"""From one letter to a million."""
