"""Reading PyTorch: tracing modules, programs in archives, and what each call is in the catalogue."""
