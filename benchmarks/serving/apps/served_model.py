"""The model at $MODEL as every Python server gets it: scikit-learn's own file, or ONNX through onnxruntime."""

import os

import numpy as np


class Model:
    """Answers a list of rows with what a client wants to know of each."""

    def __init__(self) -> None:
        path = os.environ["MODEL"]
        if path.endswith(".joblib"):
            import joblib

            self._classes, self._answer = joblib.load(path), self._by_sklearn
        else:
            import onnxruntime as ort

            options = ort.SessionOptions()
            options.intra_op_num_threads = 1
            self._session, self._answer = ort.InferenceSession(path, options), self._by_ort
            self._input = self._session.get_inputs()[0].name

    def predict(self, rows: list) -> dict:
        """{"probabilities": [[...]]}, with "label" where the model has classes."""
        return self._answer(np.asarray(rows, dtype=np.float32))

    def _by_sklearn(self, rows: np.ndarray) -> dict:
        found = self._classes.predict_proba(rows)
        return {
            "label": self._classes.classes_[found.argmax(axis=1)].tolist(),
            "probabilities": found.tolist(),
        }

    def _by_ort(self, rows: np.ndarray) -> dict:
        found = self._session.run(None, {self._input: rows})
        if len(found) == 1:
            return {"probabilities": found[0].tolist()}
        return {"label": found[0].tolist(), "probabilities": found[1].tolist()}
