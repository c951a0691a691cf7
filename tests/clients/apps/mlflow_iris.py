"""Trains a classifier of flowers and saves it for MLflow and as joblib. Runs in MLflow's environment.

python mlflow_iris.py FOLDER    writes FOLDER/mlflow, FOLDER/model.joblib, FOLDER/rows.csv
"""

import sys
from pathlib import Path

import joblib
import mlflow
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

folder = Path(sys.argv[1])
flowers = load_iris(as_frame=True)
model = LogisticRegression(max_iter=1000).fit(flowers.data, flowers.target)
joblib.dump(model, folder / "model.joblib")
flowers.data.to_csv(folder / "rows.csv", index=False)
mlflow.sklearn.save_model(
    model,
    folder / "mlflow",
    serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE,
    signature=infer_signature(flowers.data, model.predict(flowers.data)),
)
