"""moto's S3 events lack versionId and sequencer, encode `/`, and run functions while the uploader waits.

It also tells of a multipart upload twice, of a delete marker never, of a deleted version only when it was the
last, of an object before its metadata are set, and takes destinations that do not exist. Its events to
EventBridge carry made-up ids and ignore rules' patterns: they are refused by name.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target
from local_emulator.aws.notifications.records import ObjectEvent, Sequencers, new_request_id
from local_emulator.aws.notifications.rules import InvalidRule, Rule, check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_emulator.aws.clock import Clock
    from local_emulator.aws.moto_patches.targets import MotoNotificationTargets
    from local_emulator.aws.notifications.notifier import Notifier

TARGETS = (
    Target("moto.s3.notifications", "send_event", "da8a7c7c6f2b"),
    Target("moto.s3.models", "FakeBucket.set_notification_configuration", "8c08be7129e0"),
    Target("moto.s3.models", "S3Backend.delete_object", "5c1677b52971"),
    Target("moto.s3.models", "S3Backend._set_delete_marker", "f95d9e59e39f"),
    Target("moto.s3.responses", "S3Response.key_response", "482dd528b49e"),
    Target("moto.s3.responses", "S3Response.bucket_response", "d560bab0e38e"),
)
_PUT, _DELETE = "s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete"
_MARKED = "s3:ObjectRemoved:DeleteMarkerCreated"
_EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"  # S3 gives a delete marker the ETag of nothing


def patch(notifier: Notifier, targets: MotoNotificationTargets, clock: Clock) -> Patch:
    """Make the patch."""
    return Patch("s3-notifications", TARGETS, lambda _: apply(notifier, targets, clock))


def apply(notifier: Notifier, targets: MotoNotificationTargets, clock: Clock) -> None:
    """Tell of events ourselves."""
    events = _Events(notifier, clock)
    _apply_configuration(notifier, targets)
    _apply_sending(events)
    _apply_deletion(events)
    _apply_requests(events)


class _Events:
    """Makes events of what happens in moto's buckets, and hands them on when the request is through."""

    def __init__(self, notifier: Notifier, clock: Clock) -> None:
        self._notifier = notifier
        self._clock = clock
        self._sequencers = Sequencers()
        self._thread = local()  # `held`: what happened in the request that this thread works on

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold events back until the end: moto sets metadata, tags and ACL after it has told of an object."""
        held: list[tuple[ObjectEvent, list[Rule]]] = []
        self._thread.held = held
        try:
            yield
        finally:
            self._thread.held = None
            for event, rules in held:
                self._notifier.notify(event, rules)

    def tell(self, name: str, bucket: Any, key: Any, version_id: str | None, etag: str | None = None) -> None:
        """Tell of an event on a key; size and ETag are those of the object, unless it is gone."""
        rules = _rules(bucket)
        if not rules:
            return
        is_gone = name.startswith("s3:ObjectRemoved:")
        now = self._clock.now()
        event = ObjectEvent(
            name=name,
            bucket=bucket.name,
            region=bucket.region_name,
            key=key if isinstance(key, str) else key.name,
            at=now,
            sequencer=self._sequencers.next(now),
            request_id=new_request_id(),
            size=None if is_gone else key.size,
            etag=etag if is_gone else key.etag.replace('"', ""),
            version_id=version_id,
        )
        held = getattr(self._thread, "held", None)
        if held is None:  # nobody's request: a restored object expires by itself
            self._notifier.notify(event, rules)
        else:
            held.append((event, rules))


def _apply_configuration(notifier: Notifier, targets: MotoNotificationTargets) -> None:
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import FakeBucket, NotificationConfiguration

    def set_notification_configuration(self: Any, notification_config: dict[str, Any] | None) -> None:
        if not notification_config:
            self.notification_configuration = None
            return
        if notification_config.get("EventBridgeConfiguration") is not None:
            raise S3ClientError(
                "InvalidArgument",
                "EventBridgeConfiguration is not supported by the emulator, which sends S3 event notifications "
                "to SQS, SNS and Lambda",
            )
        wanted = NotificationConfiguration(
            topic=notification_config.get("TopicConfiguration"),
            queue=notification_config.get("QueueConfiguration"),
            cloud_function=notification_config.get("CloudFunctionConfiguration"),
        )
        try:
            check(_rules_in(wanted), self.region_name, targets.exists)
        except InvalidRule as refused:
            raise S3ClientError("InvalidArgument", str(refused)) from refused
        self.notification_configuration = wanted
        notifier.announce(self.name, _rules_in(wanted))

    FakeBucket.set_notification_configuration = set_notification_configuration


def _apply_sending(events: _Events) -> None:
    import moto.s3.notifications

    def send_event(_account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        name = str(event_name.value)
        if name == _PUT and key.multipart is not None:
            return  # CompleteMultipartUpload puts the object and then tells of itself
        if name == _DELETE and bucket.is_versioned:
            return  # told of by delete_object below, which knows the version
        events.tell(name, bucket, key, _version_of(bucket, key))

    moto.s3.notifications.send_event = send_event


def _apply_deletion(events: _Events) -> None:
    from moto.s3.models import S3Backend

    moto_delete: Callable[..., tuple[bool, dict[str, Any]]] = S3Backend.delete_object
    moto_mark = vars(S3Backend)["_set_delete_marker"]

    def delete_object(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        versions = bucket.keys.getlist(key_name, []) if bucket.is_versioned and version_id else []
        was_there = any(str(each.version_id) == version_id for each in versions)
        answer = moto_delete(self, bucket_name, key_name, version_id, bypass)
        if was_there and answer[0]:
            events.tell(_DELETE, bucket, key_name, version_id)
        return answer

    def set_delete_marker(self: Any, bucket_name: str, key_name: str) -> Any:
        marker = moto_mark(self, bucket_name, key_name)
        events.tell(_MARKED, self.get_bucket(bucket_name), key_name, marker.version_id, _EMPTY_ETAG)
        return marker

    S3Backend.delete_object = delete_object
    S3Backend._set_delete_marker = set_delete_marker  # noqa: SLF001 - the one place where markers are made


def _apply_requests(events: _Events) -> None:
    from moto.s3.responses import S3Response

    def held_back(answer: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, request: Any, full_url: str, headers: Any) -> Any:
            with events.request():
                return answer(self, request, full_url, headers)

        return call

    S3Response.key_response = held_back(S3Response.key_response)
    S3Response.bucket_response = held_back(S3Response.bucket_response)


def _version_of(bucket: Any, key: Any) -> str | None:
    return str(key.version_id) if bucket.is_versioned and key.version_id not in (None, "null") else None


def _rules(bucket: Any) -> list[Rule]:
    held = bucket.notification_configuration
    return [] if held is None else _rules_in(held)


def _rules_in(configuration: Any) -> list[Rule]:
    return [
        _rule(each) for each in (*configuration.cloud_function, *configuration.queue, *configuration.topic)
    ]


def _rule(notification: Any) -> Rule:
    found = (notification.filters.get("S3Key") or {}).get("FilterRule") or []
    filters = {each["Name"].lower(): each["Value"] for each in found}
    return Rule(
        notification.id,
        notification.arn,
        tuple(notification.events),
        filters.get("prefix", ""),
        filters.get("suffix", ""),
    )
