"""The AWS emulator: moto's control plane with our own execution under it."""
