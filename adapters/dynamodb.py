"""DynamoDB as batch scoring's ledger: one item a job, holding the set of chunks that are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from onehandler.batch.ports import Progress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoLedger:
    """Implements onehandler.batch.ports.Ledger.

    The chunk number goes into a number set and its counts are added in the same conditional update, so that
    a chunk told twice counts once.
    """

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def complete(self, job: str, chunk: int, rows: int, failed: int) -> Progress:
        """Add a chunk unless it is in; either way the answer is the job's state with it."""
        key = {"job": {"S": job}}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="ADD #done :chunks, #rows :rows, #failed :failed",
                ConditionExpression="attribute_not_exists(#done) OR NOT contains(#done, :chunk)",
                ExpressionAttributeNames={"#done": "done", "#rows": "rows", "#failed": "failed"},
                ExpressionAttributeValues={
                    ":chunks": {"NS": [str(chunk)]},
                    ":chunk": {"N": str(chunk)},
                    ":rows": {"N": str(rows)},
                    ":failed": {"N": str(failed)},
                },
                ReturnValues="ALL_NEW",
            )
            item: Any = answer["Attributes"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)["Item"]
        return Progress(len(item["done"]["NS"]), int(item["rows"]["N"]), int(item["failed"]["N"]))
