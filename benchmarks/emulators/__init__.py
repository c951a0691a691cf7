"""The emulators that benchmarks.emulator compares, and what each is asked to do."""
