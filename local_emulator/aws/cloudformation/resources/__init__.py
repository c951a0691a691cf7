"""One module per family of resource types, each type speaking to its service as any client does."""
