"""How .tflite files are converted, quantized, read, rewritten and run."""
