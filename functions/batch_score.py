"""What is deployed to score chunks."""

import os

from adapters.aws_batch import score_entry_point
from adapters.dynamodb import DynamoLedger
from adapters.s3 import S3Store
from adapters.sqs import SqsQueue
from onehandler.batch.score import Scorer
from onehandler.batch.settings import BatchSettings
from onehandler.handler import Handler
from onehandler.settings import Settings

settings = Settings(os.environ)
batch = BatchSettings.read(os.environ)
loaded = Handler.load(settings.bundle, settings)
ports = S3Store.connect(), SqsQueue.connect(batch.queue), DynamoLedger.connect(batch.ledger)
scorer = Scorer(loaded, *ports, batch.results)
handler = score_entry_point(scorer, settings.service, settings.namespace)
