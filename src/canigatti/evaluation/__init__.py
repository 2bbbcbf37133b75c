"""Stage 4: predict the test photos, measure and draw."""
