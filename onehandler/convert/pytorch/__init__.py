"""PyTorch and Hugging Face models to ONNX: `conversion` for files of PyTorch, `huggingface` for folders."""
