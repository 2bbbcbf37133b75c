"""Generated photos of cats and dogs, with planted faults, for the demonstration."""
