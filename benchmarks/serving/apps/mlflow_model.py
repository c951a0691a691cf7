"""Saves the model at $MODEL as MLflow wants it: `python mlflow_model.py FOLDER`."""

import os
import sys

import mlflow

path, target = os.environ["MODEL"], sys.argv[1]
if path.endswith(".joblib"):
    import joblib

    mlflow.sklearn.save_model(
        joblib.load(path),
        target,
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE,
        pyfunc_predict_fn="predict_proba",
    )
else:
    import onnx

    mlflow.onnx.save_model(onnx.load(path), target)
