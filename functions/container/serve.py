"""The serving container's program: `python -m functions.container.serve serve`."""

import os
import sys

from adapters import sagemaker

if __name__ == "__main__":
    sys.exit(sagemaker.main(sys.argv[1:], os.environ))
