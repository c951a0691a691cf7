"""MLServer: a runtime of one's own, for it has none for ONNX."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from served_model import Model


class Onnx(MLModel):
    """One model a worker."""

    async def load(self) -> bool:
        """Load."""
        self.model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        found = self.model.predict(rows)
        outputs = [NumpyCodec.encode_output("probabilities", np.asarray(found["probabilities"]))]
        return InferenceResponse(model_name=self.name, outputs=outputs)
