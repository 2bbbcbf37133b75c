"""The commands of the photos stage, one module per command: each reads files, calls the stage, and writes files."""
