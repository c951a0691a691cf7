"""What tutorials show: FastAPI and Mangum, here with onnxruntime."""

import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

_options = ort.SessionOptions()
_options.intra_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], _options)
app = FastAPI()


class Rows(BaseModel):
    """The request."""

    instances: list[list[float]]


@app.post("/predict")
def predict(rows: Rows) -> dict[str, list[object]]:
    """Answer with labels and probabilities."""
    given = np.asarray(rows.instances, dtype=np.float32)
    label, probabilities = session.run(None, {session.get_inputs()[0].name: given})
    return {"label": label.tolist(), "probabilities": probabilities.tolist()}


handler = Mangum(app, lifespan="off")
