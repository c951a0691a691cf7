"""The shortest program with numpy and the onnxruntime package, for a model of one tensor in and one out."""

import json
import os
from typing import Any

import numpy as np
import onnxruntime as ort

_options = ort.SessionOptions()
_options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], _options)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer {"instances": [[…]]}."""
    rows = np.asarray(json.loads(event["body"])["instances"], dtype=np.float32)
    (found,) = session.run(None, {session.get_inputs()[0].name: rows})
    body = {"predictions": found.tolist()}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
