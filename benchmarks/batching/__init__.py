"""What benchmarks.batch compares: the batch core over files, and a loop around onnxruntime."""
