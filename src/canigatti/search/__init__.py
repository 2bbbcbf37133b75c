"""Stage 3: the hyper-parameters of an experiment found by a random search."""
