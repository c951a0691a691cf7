"""S3 event notifications: who is told of what, and in which words. Knows nothing of moto or HTTP."""
