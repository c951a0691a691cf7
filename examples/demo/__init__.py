"""The main job from trained model to HTTP API and batch scorer: `python -m examples.demo`."""
