"""A table of numbers and two classes: scikit-learn to HTTP API and batch scorer."""
