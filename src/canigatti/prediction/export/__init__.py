"""Trained models in the formats of other runtimes: convert one, describe it, and compare it with Keras."""
