"""FastAPI, served by uvicorn."""

from fastapi import FastAPI
from pydantic import BaseModel
from served_model import Model

app = FastAPI()
model = Model()


class Rows(BaseModel):
    """The request."""

    instances: list


@app.post("/predict")
async def predict(rows: Rows) -> dict:
    """Microseconds to milliseconds of work: a thread for each would cost more than it frees."""
    return model.predict(rows.instances)
