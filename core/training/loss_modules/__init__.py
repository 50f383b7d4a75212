"""Losses that PyTorch lacks, as plain modules with its ``reduction``; each says where its formula is from."""
