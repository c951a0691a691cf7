"""SageMaker over HTTP: its runtime API, and what moto's control plane lacks."""
