"""Stage 5: which labels to doubt, and which photos are in two subsets."""
