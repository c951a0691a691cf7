"""A server under load whose workers are killed: clients that check every answer, and a killer."""
