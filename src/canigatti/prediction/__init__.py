"""Predictions of new photos, used outside the workflow: find photo files, predict them, and print the results."""
