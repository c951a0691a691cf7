"""What is deployed to score chunks."""

import os

from adapters.aws_batch import score_entry_point
from adapters.dynamodb import DynamoLedger
from adapters.s3 import S3Store
from onehandler.batch.score import Scorer
from onehandler.batch.settings import BatchSettings
from onehandler.handler import Handler
from onehandler.settings import Settings

settings = Settings(os.environ)
batch = BatchSettings.read(os.environ)
loaded = Handler.load(settings.bundle, settings)
scorer = Scorer(loaded, S3Store.connect(), DynamoLedger.connect(batch.ledger), batch.results)
handler = score_entry_point(scorer, settings.service, settings.namespace)
