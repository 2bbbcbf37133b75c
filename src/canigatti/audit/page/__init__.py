"""The page on which a person reviews doubtful photos."""
