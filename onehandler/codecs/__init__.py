"""Content types and content codings, one file each: bytes to Python values and back."""
