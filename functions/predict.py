"""The predict function: answers HTTP requests and direct invocations."""

import os

from adapters import aws_lambda
from onehandler.handler import Handler
from onehandler.settings import Settings

settings = Settings(os.environ)
handler = aws_lambda.entry_point(Handler.load(settings.bundle, settings))
