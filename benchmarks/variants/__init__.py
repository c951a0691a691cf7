"""The functions that benchmarks.cold_start compares."""
