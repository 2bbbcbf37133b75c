"""A local page that predicts the photos that a person drops on it; nothing leaves the machine or is written to it."""
