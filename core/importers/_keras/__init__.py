"""Reading Keras files without Keras: the archive, the configuration, and its layers by family."""
