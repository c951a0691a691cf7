"""Lambda's control plane over moto: what a function is, what it may be, and where its logs go."""
