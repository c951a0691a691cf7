"""An MLServer runtime for any ONNX model: it has none of its own. Runs in MLServer's environment."""

import os

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Onnx(MLModel):
    """The file that the environment variable MODEL names."""

    async def load(self) -> bool:
        """Load."""
        self.session = onnxruntime.InferenceSession(os.environ["MODEL"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer, with the codecs that its documentation recommends."""
        wanted = [each.name for each in payload.outputs] if payload.outputs else None
        inputs = {each.name: _decoded(each) for each in payload.inputs}
        found = self.session.run(wanted, inputs)
        names = wanted or [each.name for each in self.session.get_outputs()]
        outputs = [_encoded(name, array) for name, array in zip(names, found, strict=True)]
        return InferenceResponse(
            model_name=self.name, model_version=self.version, id=payload.id, outputs=outputs
        )


def _decoded(given):
    if given.datatype != "BYTES":
        return NumpyCodec.decode_input(given)
    return np.array(StringCodec.decode_input(given), np.object_).reshape(given.shape)


def _encoded(name, array):
    if array.dtype.kind != "O":
        return NumpyCodec.encode_output(name, array)
    output = StringCodec.encode_output(name, array.reshape(-1).tolist())
    output.shape = list(array.shape)
    return output
