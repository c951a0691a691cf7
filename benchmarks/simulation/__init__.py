"""A discrete-event simulation of a batch job on AWS, for benchmarks.scale."""
