"""Batch transform: objects of S3, cut into records, through a container, to objects of S3."""
