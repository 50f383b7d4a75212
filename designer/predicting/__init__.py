"""A whole file or folder predicted into a table."""
