"""Stage 3: a random search for the hyperparameters of an experiment."""
