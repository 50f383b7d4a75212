"""Reading ONNX: the file, its operators by family, and the proof that the layers compute the same."""
