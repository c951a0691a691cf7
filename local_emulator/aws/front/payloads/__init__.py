"""The events that AWS makes of HTTP requests, and the responses it makes of what functions return."""
