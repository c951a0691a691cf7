"""The serving container's health check: `python -m functions.container.check`."""

import os
import sys

from adapters import sagemaker

if __name__ == "__main__":
    sys.exit(sagemaker.check(os.environ))
