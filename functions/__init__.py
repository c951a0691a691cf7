"""What is deployed: each module composes one entry point and does nothing else."""
