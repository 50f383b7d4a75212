"""The command palette: every command by its name, its key, or a few of its letters."""
