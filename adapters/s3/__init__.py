"""S3 as batch scoring's object store."""

from adapters.s3.store import S3Store

__all__ = ["S3Store"]
