"""An Azure Functions host on this machine, over Microsoft's own worker runtime and Azurite."""
