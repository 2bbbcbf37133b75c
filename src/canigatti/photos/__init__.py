"""Stage 1: get, inspect, clean, group duplicates, split and decode once."""
