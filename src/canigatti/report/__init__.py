"""Stage 6: compare the experiments and write the page."""
