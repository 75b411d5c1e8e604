"""How .onnx files are converted, quantized, read, rewritten and run."""
