"""One handler, any model, every serverless platform.

Importing this package does no work: the first answer after a cold start is the product (see
docs/decisions/0001-cold-path-imports.md), so every name is imported from the module that owns it.
"""

__version__ = "0.1.0"
