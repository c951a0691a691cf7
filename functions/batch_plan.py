"""What is deployed to split dropped files into chunks."""

import os
import time

from adapters.aws_batch import plan_entry_point
from adapters.dynamodb import DynamoLedger
from adapters.s3 import S3Store
from adapters.sqs import SqsQueue
from onehandler.batch.plan import Planner
from onehandler.batch.settings import BatchSettings
from onehandler.bundle import Bundle
from onehandler.settings import Settings

settings = Settings(os.environ)
batch = BatchSettings.read(os.environ)
bundle = Bundle.load(settings.bundle, settings.digest, settings.public_key)
ports = S3Store.connect(), SqsQueue.connect(batch.queue), DynamoLedger.connect(batch.ledger)
planner = Planner(bundle, *ports, batch.results, time.time, batch.chunk_bytes)
handler = plan_entry_point(planner, settings.service, settings.namespace)
