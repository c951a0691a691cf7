"""Azure Functions: HTTP requests, storage events, queue messages and a timer to a Handler, by the v2 programming model.

    app = function_app(environ, ports)    in function_app.py, once, when the worker reads the app

The model begins to load on threads of its own while the worker is still at that; whichever request comes first waits
for it, and all others with it.
"""

from adapters.azure_functions.app import function_app

__all__ = ["function_app"]
