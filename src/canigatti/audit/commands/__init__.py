"""The commands of the audit stage, one module per command: each reads files, calls the stage, and writes files."""
