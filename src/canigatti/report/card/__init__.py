"""Model cards: what a person who receives a model must know, in Hugging Face's format, next to each model."""
