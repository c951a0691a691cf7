"""SQS standard queues: messages, visibility, dead letters, moving them back. No moto and no HTTP."""
