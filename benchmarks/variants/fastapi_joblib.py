"""What tutorials show most: FastAPI and Mangum over the joblib file itself."""

import os

import joblib
import numpy as np
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

model = joblib.load(os.environ["MODEL"])
app = FastAPI()


class Rows(BaseModel):
    """The request."""

    instances: list[list[float]]


@app.post("/predict")
def predict(rows: Rows) -> dict[str, list[object]]:
    """Answer with labels and probabilities."""
    given = np.asarray(rows.instances, dtype=np.float64)
    return {"label": model.predict(given).tolist(), "probabilities": model.predict_proba(given).tolist()}


handler = Mangum(app, lifespan="off")
