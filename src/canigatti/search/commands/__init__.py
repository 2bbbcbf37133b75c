"""The commands of the search stage, one module per command: each reads files, calls the stage, and writes files."""
