"""Stage 3: a random search for the hyper-parameters of an experiment."""
