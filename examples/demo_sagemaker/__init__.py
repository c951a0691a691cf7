"""The demo's model behind a SageMaker endpoint, a transform job and an asynchronous endpoint, all on this machine."""
