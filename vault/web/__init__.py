"""The site's frame and the safe's pages."""
