"""Event source mappings: SQS standard queues that feed Lambda functions. Knows nothing of moto or HTTP."""
