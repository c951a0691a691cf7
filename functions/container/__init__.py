"""The serving container's program and its health check."""
