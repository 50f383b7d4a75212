"""The network as Python: shown as it is drawn, and taken back from what is written."""
