"""The quick line of the add palette: what a typed line would make, its preview while typing, and building it."""
