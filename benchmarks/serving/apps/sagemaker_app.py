"""sagemaker-inference: a handler for its toolkit, and the entry point that its containers have.

The entry point calls the toolkit's own `start_model_server`. What that writes goes below the current folder, and it
binds 127.0.0.1, where in a container it would be /etc and every address.
"""

import ctypes
import os
from pathlib import Path

from sagemaker_inference import decoder, encoder
from sagemaker_inference.default_inference_handler import DefaultInferenceHandler
from served_model import Model

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class Handler(DefaultInferenceHandler):
    """One model a worker."""

    def default_model_fn(self, _model_dir: str) -> Model:
        """Load."""
        return Model()

    def default_input_fn(self, input_data: bytes, content_type: str) -> object:
        """Decode with the toolkit."""
        return decoder.decode(input_data, content_type)

    def default_predict_fn(self, data: object, model: Model) -> dict:
        """Answer."""
        return model.predict(data)

    def default_output_fn(self, prediction: dict, accept: str) -> object:
        """Encode with the toolkit."""
        return encoder.encode(prediction, accept)


def start() -> None:
    """Start the model server and stay until it ends."""
    folder = Path.cwd()
    (folder / "ml/model").mkdir(parents=True, exist_ok=True)
    address = f"http://127.0.0.1:{os.environ['PORT']}"
    os.environ.update(
        SAGEMAKER_BASE_DIR=f"{folder}/ml",
        MMS_INFERENCE_ADDRESS=address,
        MMS_MANAGEMENT_ADDRESS=address,
        TMPDIR=str(folder),
        TEMP=str(folder),
    )
    # multi-model-server leaves Java running and ends. As a container's first process we would become Java's parent.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    from sagemaker_inference import model_server  # reads SAGEMAKER_BASE_DIR at import

    model_server.MMS_CONFIG_FILE = f"{folder}/sagemaker-mms.properties"
    model_server.start_model_server(handler_service="sagemaker_service")


if __name__ == "__main__":
    start()
