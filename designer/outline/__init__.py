"""The outline: the network as a tree, for those who cannot see the canvas or would rather read."""
