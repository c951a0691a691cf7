"""What the Functions host refuses.

HostError
├── DeploymentRefused    a zip or a folder that is no app, or needs what is not emulated
├── SettingsRefused      app settings or host.json that cannot be used here
├── RuntimeMissing       the Python, Node or package that is needed is not on this machine
├── WorkerGone           the process of a running invocation ended
├── AppFailed            the app's own code could not be indexed
└── HostClosed           asked for something after close()
"""

from __future__ import annotations

from onehandler.errors import OnehandlerError


class HostError(OnehandlerError):
    """The app cannot be run here; the message says why and what to do."""


class DeploymentRefused(HostError):
    """The deployment is not one that this host can run."""


class SettingsRefused(HostError):
    """A setting has a value that cannot be used here."""


class RuntimeMissing(HostError):
    """Something that must be installed is not."""


class WorkerGone(HostError):
    """The worker process ended before it answered."""


class AppFailed(HostError):
    """The app raised while its functions were looked for; the traceback is in the message."""


class HostClosed(HostError):
    """The host has been closed and starts nothing any more."""
