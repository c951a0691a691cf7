"""What runs in a worker process: Microsoft's runtime, driven over a socket. Imports the standard library alone."""
