"""Everything we change in moto 5.2.5. The one list of patches is in registry.py."""
