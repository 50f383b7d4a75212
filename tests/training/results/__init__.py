"""Tests of what a trained network says."""
