"""What is deployed to look after jobs now and then."""

import os
import time

from adapters.aws_batch import sweep_entry_point
from adapters.dynamodb import DynamoLedger
from adapters.s3 import S3Store
from adapters.sqs import SqsQueue
from onehandler.batch.settings import BatchSettings
from onehandler.batch.sweep import Sweeper
from onehandler.settings import Settings

settings = Settings(os.environ)
batch = BatchSettings.read(os.environ)
ports = S3Store.connect(), SqsQueue.connect(batch.queue), DynamoLedger.connect(batch.ledger)
sweeper = Sweeper(*ports, batch.results, time.time, batch.stalled)
handler = sweep_entry_point(sweeper, settings.service)
