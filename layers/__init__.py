"""Builds the layers and function archives, byte for byte reproducible."""
