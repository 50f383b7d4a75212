"""Tests of predicting whole files in the window."""
