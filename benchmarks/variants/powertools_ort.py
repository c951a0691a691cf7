"""Powertools' own router for HTTP APIs, here with onnxruntime."""

import os
from typing import Any

import numpy as np
import onnxruntime as ort
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

_options = ort.SessionOptions()
_options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], _options)
app = APIGatewayHttpResolver()


@app.post("/predict")
def predict() -> dict[str, Any]:
    """Answer {"instances": [[…]]} with labels and probabilities."""
    rows = np.asarray(app.current_event.json_body["instances"], dtype=np.float32)
    label, probabilities = session.run(None, {session.get_inputs()[0].name: rows})
    return {"label": label.tolist(), "probabilities": probabilities.tolist()}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """What Lambda calls."""
    return app.resolve(event, context)
