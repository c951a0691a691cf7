"""Worker processes, seen from the host: their environment, their life, and calls to them."""
