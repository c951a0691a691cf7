"""What tutorials show: FastAPI within AsgiFunctionApp, here with onnxruntime."""

import os

import azure.functions as func
import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel

_options = ort.SessionOptions()
_options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], _options)
api = FastAPI()


class Rows(BaseModel):
    """The request."""

    instances: list[list[float]]


@api.post("/predict")
def predict(rows: Rows) -> dict[str, list[object]]:
    """Answer with labels and probabilities."""
    given = np.asarray(rows.instances, dtype=np.float32)
    label, probabilities = session.run(None, {session.get_inputs()[0].name: given})
    return {"label": label.tolist(), "probabilities": probabilities.tolist()}


app = func.AsgiFunctionApp(app=api, http_auth_level=func.AuthLevel.ANONYMOUS)
