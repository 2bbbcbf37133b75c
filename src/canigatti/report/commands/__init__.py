"""The commands of the report stage, one module per command: each reads files, calls the stage, and writes files."""
