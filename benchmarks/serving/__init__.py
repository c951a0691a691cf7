"""The servers that benchmarks.serve compares: ours and peers, each in an environment of its own."""
