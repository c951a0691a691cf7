"""Imported by the interpreter itself when it starts, before AWS's runtime client: see onehandler.early.

serverless.yml puts this folder on PYTHONPATH. Without it, everything works as well and starts later.
"""

import os
import sys

task = os.environ.get("LAMBDA_TASK_ROOT", "")
if task:
    if task not in sys.path:  # the runtime client puts it there, in front, later
        sys.path.append(task)
    from onehandler import early

    early.begin(os.environ)
