"""The commands of the training stage, one module per command: each reads files, calls the stage, and writes files."""
