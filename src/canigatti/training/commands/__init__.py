"""The commands of the training stage, one module per command."""
