"""AWS::Lambda::Function."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import Deployed, DeploymentError
from local_emulator.aws.cloudformation.resources.common import differing, tag_map, unless_gone, without

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

# What a function has when its template does not say; an update has to put these back.
_DEFAULTS: dict[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}
_NOT_CONFIGURATION = ("Architectures", "Code", "PackageType", "ReservedConcurrentExecutions", "Tags")
_INLINE_LIMIT = 4_194_304  # characters of Code.ZipFile; 4 MB by CloudFormation's reference


class Function:
    """A function, its reserved concurrency and its tags."""

    name = "AWS::Lambda::Function"
    replaced_by = frozenset({"FunctionName", "PackageType"})
    name_property = "FunctionName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the function from its archive in S3, or from source written into the template."""
        client = place.client("lambda")
        values = {
            "FunctionName": place.generated_name(),
            **without(properties, "ReservedConcurrentExecutions"),
            "Code": _code(properties),
            "Tags": tag_map(properties, place),
        }
        answer = client.create_function(**call_input(client, "CreateFunction", values))
        _reserve(client, answer["FunctionName"], {}, properties)
        return Deployed(answer["FunctionName"], {"Arn": answer["FunctionArn"]})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change code, configuration, concurrency and tags, each where it differs."""
        client = place.client("lambda")
        function = {"FunctionName": deployed.physical_id}
        if differing(old, new, ("Code", "Architectures")):
            architectures = new.get("Architectures", ["x86_64"])
            values = {**function, **_code(new), "Architectures": architectures}
            client.update_function_code(**call_input(client, "UpdateFunctionCode", values))
        settings = without(new, *_NOT_CONFIGURATION)
        if settings != without(old, *_NOT_CONFIGURATION):
            dropped = {name: value for name, value in _DEFAULTS.items() if name in old}
            values = {**dropped, **settings, **function}
            client.update_function_configuration(**call_input(client, "UpdateFunctionConfiguration", values))
        _reserve(client, deployed.physical_id, old, new)
        _retag(client, place, deployed, old, new)
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the function with its versions and aliases."""
        unless_gone(place.client("lambda").delete_function, FunctionName=deployed.physical_id)


def _code(properties: Properties) -> dict[str, Any]:
    code = dict(properties["Code"])
    source = code.get("ZipFile")
    if source is None:
        return code
    if len(source) > _INLINE_LIMIT:
        raise DeploymentError(
            f"Code.ZipFile has {len(source)} characters; at most {_INLINE_LIMIT} are accepted: put it in S3"
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed date: the same source gives the same archive, and no new version.
        archive.writestr(zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0)), source)
    return {"ZipFile": packed.getvalue()}


def _reserve(client: Any, function: str, old: Properties, new: Properties) -> None:
    before, after = old.get("ReservedConcurrentExecutions"), new.get("ReservedConcurrentExecutions")
    if before == after:
        return
    if after is None:
        client.delete_function_concurrency(FunctionName=function)
    else:
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=int(after))


def _retag(client: Any, place: Place, deployed: Deployed, old: Properties, new: Properties) -> None:
    before, after = tag_map(old, place), tag_map(new, place)
    arn = deployed.attributes["Arn"]
    if gone := [key for key in before if key not in after]:
        client.untag_resource(Resource=arn, TagKeys=gone)
    if before != after and after:
        client.tag_resource(Resource=arn, Tags=after)
