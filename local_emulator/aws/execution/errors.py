"""What execution refuses.

ExecutionError
├── UnsupportedRuntime     no such Lambda runtime here, or its interpreter is missing
├── RuntimeNotInstalled    the runtime client could not be installed
├── InvalidArchive         a zip archive that Lambda, or this emulator, does not take
├── UnsupportedVariable    an environment variable that Lambda reserves or that needs what is not here
├── UnsupportedSystem      this operating system cannot host instances
└── ExecutorClosed         invoked after close()
"""

from __future__ import annotations


class ExecutionError(Exception):
    """A function cannot be run here; the message says why and what to do."""


class UnsupportedRuntime(ExecutionError):
    """The Lambda runtime is not one that this machine can run."""


class RuntimeNotInstalled(ExecutionError):
    """The Lambda runtime environment could not be made."""


class InvalidArchive(ExecutionError):
    """Code or a layer cannot be unpacked; the words are Lambda's where it has any."""


class UnsupportedVariable(ExecutionError):
    """The function sets an environment variable that it may not set, or that would have no effect here."""


class UnsupportedSystem(ExecutionError):
    """Instances need Linux: /proc and process file descriptors."""


class ExecutorClosed(ExecutionError):
    """The executor has been closed and starts nothing any more."""
