"""Stage 4: predict the test set, compute the metrics, and plot them."""
