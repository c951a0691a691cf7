"""The HTTP side of the AWS emulator: one server, and everything that answers on it."""
