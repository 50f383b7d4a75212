"""The keys: one table of what they do, the user's own choice of them, and the two views that show them."""
