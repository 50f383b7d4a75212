"""The editor of Python layers."""
