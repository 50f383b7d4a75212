"""Sweeps: trials of one network with other values, drawn, run and compared."""
