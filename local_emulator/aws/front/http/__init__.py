"""A small, strict HTTP/1.1 server: one thread per connection, nothing but the standard library."""
