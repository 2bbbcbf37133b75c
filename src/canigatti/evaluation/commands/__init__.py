"""The commands of the evaluation stage, one module per command: each reads files, calls the stage, and writes files."""
