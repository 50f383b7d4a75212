"""PyTorch's complaints in our own words, by theme: windows, sizes, merges."""
