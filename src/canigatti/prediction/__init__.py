"""Predictions of new photos, used beside the workflow: find files, predict them, print the results."""
