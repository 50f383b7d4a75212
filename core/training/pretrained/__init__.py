"""Weights from elsewhere for a network that is there: read, brought together with its tensors, and taken over."""
