"""LitServe."""

import os

import litserve
from served_model import Model


class Api(litserve.LitAPI):
    """One model a worker."""

    def setup(self, _device: str) -> None:
        """Load."""
        self.model = Model()

    def predict(self, request: dict) -> dict:
        """Answer."""
        return self.model.predict(request["instances"])


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=2)
    server.run(
        host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False, log_level="warning"
    )
