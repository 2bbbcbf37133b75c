"""The commands of the search stage, one module per command."""
