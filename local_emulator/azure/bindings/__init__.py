"""What a function is given besides its trigger, and where its results go."""
