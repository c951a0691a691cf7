"""What is deployed to split dropped files into chunks."""

import os

import boto3

from adapters.aws_batch import plan_entry_point
from adapters.s3 import S3Store
from adapters.sqs import SqsQueue
from onehandler.batch.plan import Planner
from onehandler.batch.settings import BatchSettings
from onehandler.bundle import Bundle
from onehandler.settings import Settings

settings = Settings(os.environ)
batch = BatchSettings.read(os.environ)
bundle = Bundle.load(settings.bundle, settings.digest)
queue = SqsQueue(boto3.client("sqs"), batch.queue)
planner = Planner(bundle, S3Store(boto3.client("s3")), queue, batch.results, batch.chunk_bytes)
handler = plan_entry_point(planner, settings.service, settings.namespace)
