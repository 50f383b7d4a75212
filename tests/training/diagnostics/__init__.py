"""Looking into networks while they learn."""
