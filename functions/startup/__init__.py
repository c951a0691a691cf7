"""What the interpreter imports by itself when it starts, where serverless.yml says so."""
