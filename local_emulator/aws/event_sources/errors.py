"""What an event source mapping refuses, in Lambda's words.

MappingError
├── InvalidMapping       InvalidParameterValueException
├── MappingConflict      ResourceConflictException
└── MappingNotFound      ResourceNotFoundException
"""

from __future__ import annotations


class MappingError(Exception):
    """Anything that is refused."""


class InvalidMapping(MappingError):
    """A parameter is not accepted, by Lambda or by this emulator."""


class MappingConflict(MappingError):
    """There is such a mapping already."""


class MappingNotFound(MappingError):
    """There is no such mapping, queue or function."""
