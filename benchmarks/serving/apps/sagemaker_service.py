"""sagemaker-inference: what multi-model-server loads in each worker; it takes the only class of this module."""

from sagemaker_app import Handler
from sagemaker_inference.default_handler_service import DefaultHandlerService
from sagemaker_inference.transformer import Transformer


class HandlerService(DefaultHandlerService):
    """The toolkit's own service, with our handler."""

    def __init__(self) -> None:
        super().__init__(transformer=Transformer(default_inference_handler=Handler()))
