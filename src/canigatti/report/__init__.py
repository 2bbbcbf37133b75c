"""Stage 5: compare the experiments and write the page."""
