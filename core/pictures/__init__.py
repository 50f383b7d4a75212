"""Pictures of networks for papers and slides, worked out and written without a window."""
