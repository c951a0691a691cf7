"""BentoML."""

import bentoml
from served_model import Model


@bentoml.service(workers=2)
class Served:
    """One model a worker."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api
    def predict(self, instances: list) -> dict:
        """Answer."""
        return self.model.predict(instances)
