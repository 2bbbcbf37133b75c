"""The photo explorer: every test photo, and what each network made of it."""
