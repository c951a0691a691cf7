"""AWS::S3::Bucket and AWS::S3::BucketPolicy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local_emulator.aws.cloudformation.contracts import Deployed
from local_emulator.aws.cloudformation.resources.common import refuse_others, unless_gone
from local_emulator.aws.cloudformation.resources.s3_settings import SETTINGS, set_tags

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

_KNOWN = ("BucketName", "Tags", *(setting.property_name for setting in SETTINGS))


class Bucket:
    """A bucket with its settings."""

    name = "AWS::S3::Bucket"
    replaced_by = frozenset({"BucketName"})
    name_property = "BucketName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the bucket, then apply each setting; a setting that fails takes the bucket away again."""
        refuse_others(properties, _KNOWN)
        bucket = str(properties.get("BucketName") or place.generated_name(63).lower())
        client = place.client("s3")
        where = {} if place.region == "us-east-1" else {"LocationConstraint": place.region}
        client.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
        try:
            self._configure(place, bucket, {}, properties)
        except Exception:
            client.delete_bucket(Bucket=bucket)
            raise
        return Deployed(bucket, _attributes(place, bucket))

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Apply the settings that changed; what left the template is removed."""
        refuse_others(new, _KNOWN)
        self._configure(place, deployed.physical_id, old, new)
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the bucket. One that holds objects stays, and fails the deletion, as on AWS."""
        unless_gone(place.client("s3").delete_bucket, Bucket=deployed.physical_id)

    def _configure(self, place: Place, bucket: str, old: Properties, new: Properties) -> None:
        client = place.client("s3")
        for setting in SETTINGS:
            before, after = old.get(setting.property_name), new.get(setting.property_name)
            if after is not None and before != after:
                setting.put(client, bucket, after)
            elif after is None and before is not None:
                setting.remove(client, bucket)
        set_tags(place, bucket, old, new)


class BucketPolicy:
    """The policy of a bucket."""

    name = "AWS::S3::BucketPolicy"
    replaced_by = frozenset({"Bucket"})
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Put the policy."""
        refuse_others(properties, ("Bucket", "PolicyDocument"))
        policy = json.dumps(properties["PolicyDocument"])
        place.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
        return Deployed(str(properties["Bucket"]))

    def update(self, place: Place, deployed: Deployed, _: Properties, new: Properties) -> Deployed:
        """Put the new policy in place of the old."""
        self.create(place, new)
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the policy; a bucket deleted before took it along."""
        unless_gone(place.client("s3").delete_bucket_policy, Bucket=deployed.physical_id)


def _attributes(place: Place, bucket: str) -> dict[str, str]:
    return {
        "Arn": f"arn:aws:s3:::{bucket}",
        "DomainName": f"{bucket}.s3.amazonaws.com",
        "DualStackDomainName": f"{bucket}.s3.dualstack.{place.region}.amazonaws.com",
        "RegionalDomainName": f"{bucket}.s3.{place.region}.amazonaws.com",
    }
