"""A configuration for photos that have none: what a folder contains, and a study for it."""
