"""Tests of bringing networks and weights into the window."""
