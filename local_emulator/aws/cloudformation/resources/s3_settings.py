"""The settings of a bucket: from CloudFormation's words to those of the S3 API, which differ in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.resources.common import tag_list
from local_emulator.aws.cloudformation.resources.s3_lifecycle import lifecycle
from local_emulator.aws.cloudformation.resources.s3_notifications import notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.cloudformation.contracts import Place, Properties


@dataclass(frozen=True, slots=True)
class Setting:
    """One property of a bucket, and the S3 calls that stand for it."""

    property_name: str
    operation: str  # "PutBucketEncryption"
    member: str  # the parameter that takes the converted value
    convert: Callable[[Any], Any]
    removal: str  # the method that takes it away; "" when `empty` is put instead
    empty: Any = None

    def put(self, client: Any, bucket: str, value: Any) -> None:
        """Apply a value."""
        self._call(client, bucket, self.convert(value))

    def remove(self, client: Any, bucket: str) -> None:
        """Go back to what a bucket has by default."""
        if self.removal:
            getattr(client, self.removal)(Bucket=bucket)
        else:
            self._call(client, bucket, self.empty)

    def _call(self, client: Any, bucket: str, value: Any) -> None:
        from botocore import xform_name

        parameters = call_input(client, self.operation, {"Bucket": bucket, self.member: value})
        getattr(client, xform_name(self.operation))(**parameters)


def set_tags(place: Place, bucket: str, old: Properties, new: Properties) -> None:
    """Set the tags where they changed, those of the stack among them."""
    client = place.client("s3")
    before, after = (tag_list(old, place) if old else []), tag_list(new, place)
    if before == after:
        return
    if after:
        client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": after})
    else:
        client.delete_bucket_tagging(Bucket=bucket)


def _encryption(value: Any) -> Any:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        converted = {name: item for name, item in rule.items() if name != "ServerSideEncryptionByDefault"}
        if "ServerSideEncryptionByDefault" in rule:
            converted["ApplyServerSideEncryptionByDefault"] = rule["ServerSideEncryptionByDefault"]
        rules.append(converted)
    return {"Rules": rules}


def _cors(value: Any) -> Any:
    names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    return {
        "CORSRules": [
            {names.get(name, name): item for name, item in rule.items()} for rule in value["CorsRules"]
        ]
    }


def _same(value: Any) -> Any:
    return value


SETTINGS = (
    Setting(
        "BucketEncryption",
        "PutBucketEncryption",
        "ServerSideEncryptionConfiguration",
        _encryption,
        "delete_bucket_encryption",
    ),
    Setting(
        "VersioningConfiguration",
        "PutBucketVersioning",
        "VersioningConfiguration",
        _same,
        "",
        {"Status": "Suspended"},
    ),
    Setting(
        "PublicAccessBlockConfiguration",
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        _same,
        "delete_public_access_block",
    ),
    Setting(
        "OwnershipControls",
        "PutBucketOwnershipControls",
        "OwnershipControls",
        _same,
        "delete_bucket_ownership_controls",
    ),
    Setting("CorsConfiguration", "PutBucketCors", "CORSConfiguration", _cors, "delete_bucket_cors"),
    Setting(
        "LifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "LifecycleConfiguration",
        lifecycle,
        "delete_bucket_lifecycle",
    ),
    Setting(
        "NotificationConfiguration",
        "PutBucketNotificationConfiguration",
        "NotificationConfiguration",
        notifications,
        "",
        {},
    ),
)
