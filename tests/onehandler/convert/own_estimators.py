"""An estimator that no converter knows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Majority(ClassifierMixin, BaseEstimator):
    """Answers the commonest class."""

    def fit(self, rows: Any, target: Any) -> Majority:
        self.classes_, counts = np.unique(target, return_counts=True)
        self.best_ = self.classes_[counts.argmax()]
        return self

    def predict(self, rows: Any) -> Any:
        return np.full(len(rows), self.best_)

    def predict_proba(self, rows: Any) -> Any:
        return np.tile(self.classes_ == self.best_, (len(rows), 1)).astype(float)
