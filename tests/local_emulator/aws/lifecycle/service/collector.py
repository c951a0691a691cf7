"""The function that the sample's queue feeds."""

import os

import boto3


def collect(event, context):
    """Write what each message brought into the results bucket."""
    bucket = boto3.client("s3").put_object
    for record in event["Records"]:
        bucket(Bucket=os.environ["RESULTS"], Key=record["messageId"], Body=record["body"].encode())
    return {"batchItemFailures": []}
