"""Lambda function URLs."""
