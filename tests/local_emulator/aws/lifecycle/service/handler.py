"""The functions of the sample service."""

import os

import words


def greet(event, context):
    """Greet by path (HTTP API), by query (function URL) or by payload (direct invocation)."""
    name = (event.get("pathParameters") or event).get("name", "nobody")
    print(f"greeting {name}")
    return {"statusCode": 200, "body": words.join(os.environ["GREETING"], name, context.memory_limit_in_mb)}


def collect(event, context):
    """Write what each message brought into the results bucket."""
    import boto3  # here: greet does without, and starts without

    bucket = boto3.client("s3").put_object
    for record in event["Records"]:
        bucket(Bucket=os.environ["RESULTS"], Key=record["messageId"], Body=record["body"].encode())
    return {"batchItemFailures": []}
