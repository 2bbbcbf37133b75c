"""The HTML page: what it shows, and how it is rendered."""
