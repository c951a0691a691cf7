"""Azure Storage on this machine: Azurite as a child process, and clients for the host's own needs."""
