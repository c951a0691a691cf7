"""Event invocations: queued, tried again, and told of to destinations. Knows nothing of moto or HTTP."""
