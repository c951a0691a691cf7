"""What several resource types do alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import ANY_PROPERTY, DeploymentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from local_emulator.aws.cloudformation.contracts import Deployed, Place, Properties

# What services say of a thing that is not there.
_GONE = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)


class Immutable:
    """A resource that never changes in place: every change makes another, and the old one goes."""

    replaced_by = ANY_PROPERTY
    name_property = ""

    def update(self, _place: Place, deployed: Deployed, _old: Properties, _new: Properties) -> Deployed:
        """Never called: see `replaced_by`."""
        raise DeploymentError(f"{deployed.physical_id} is immutable")


def unless_gone(call: Callable[..., Any], **parameters: Any) -> None:
    """Make a deleting call; that the thing is gone already is what was wanted."""
    from botocore.exceptions import ClientError

    try:
        call(**parameters)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _GONE:
            raise


def refuse_others(properties: Properties, known: Iterable[str]) -> None:
    """Refuse properties that nobody here acts on, by name."""
    accepted = sorted(known)
    for name in properties:
        if name not in accepted:
            raise UnsupportedError(
                f"property {name} is not supported by the emulator; it takes {', '.join(accepted)}"
            )


def without(properties: Properties, *names: str) -> dict[str, Any]:
    """Give the properties but for some."""
    return {name: value for name, value in properties.items() if name not in names}


def tag_map(properties: Properties, place: Place) -> dict[str, str]:
    """Give the tags of a resource with those of its stack, as names and values."""
    tags = properties.get("Tags") or []
    own = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
    return {str(key): str(value) for key, value in {**place.tags, **own}.items()}


def tag_list(properties: Properties, place: Place) -> list[dict[str, str]]:
    """Give the tags of a resource with those of its stack, as a list of pairs."""
    return [{"Key": key, "Value": value} for key, value in tag_map(properties, place).items()]


def differing(old: Mapping[str, Any], new: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Tell whether any of these properties changed."""
    return any(old.get(name) != new.get(name) for name in names)
