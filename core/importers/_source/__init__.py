"""From the text of a network to what the canvas shows of it, and back into the project that is open."""
