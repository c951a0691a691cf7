"""From what moto keeps of models, configurations and jobs to what is to be served; what cannot be is named here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.sagemaker.contracts import (
    AsyncSpec,
    ContainerSpec,
    EndpointSpec,
    ServerlessSpec,
    VariantSpec,
)
from local_emulator.sagemaker.transform.contracts import TransformSpec
from local_emulator.sagemaker.transform.filters import supported

if TYPE_CHECKING:
    from collections.abc import Mapping

    Settings = Mapping[str, Any]

_PIPELINE = "the emulator serves models of one container; inference pipelines of several are not supported"


def endpoint_spec(backend: Any, configuration: str) -> EndpointSpec:
    """What a configuration of this backend says, with its models as they are now."""
    found = backend.endpoint_configs[configuration]
    # Variants without a model wait for inference components.
    variants = tuple(_variant(backend, each) for each in found.production_variants if each.get("ModelName"))
    return EndpointSpec(configuration, variants, _asynchronous(found.async_inference_config))


def transform_spec(backend: Any, record: Any) -> TransformSpec:
    """What a transform job's record says."""
    container, problem = container_of(backend._models[record.model_name])  # noqa: SLF001 - moto has no other way
    taken, given = record.transform_input, record.transform_output
    source = (taken.get("DataSource") or {}).get("S3DataSource") or {}
    processing = record.data_processing or {}
    client = record.model_client_config or {}
    spec = TransformSpec(
        name=record.transform_job_name,
        container=container,
        source=source.get("S3Uri", ""),
        target=given.get("S3OutputPath", ""),
        content_type=taken.get("ContentType") or "",
        accept=given.get("Accept") or "",
        split=taken.get("SplitType") or "None",
        assemble=given.get("AssembleWith") or "None",
        gzipped=(taken.get("CompressionType") or "None") == "Gzip",
        strategy=record.batch_strategy or "",
        max_payload_mb=record.max_payload_in_mb,
        concurrency=record.max_concurrent_transforms or 0,
        environment=record.environment or {},
        retries=int(client.get("InvocationsMaxRetries", 3)),
        timeout_s=float(client.get("InvocationsTimeoutInSeconds", 600)),
        join=processing.get("JoinSource", "None") == "Input",
        input_filter=processing.get("InputFilter") or "$",
        output_filter=processing.get("OutputFilter") or "$",
        problem=problem,
    )
    return spec if problem else _checked(spec, source)


def _checked(spec: TransformSpec, source: Settings) -> TransformSpec:
    """The job, with the first thing in it that the emulator doesn't do."""
    kind = source.get("S3DataType", "S3Prefix")
    problem = ""
    if kind != "S3Prefix":
        problem = f"S3DataType {kind} is not supported by the emulator, which takes S3Prefix"
    elif spec.split not in ("None", "Line"):
        problem = f"SplitType {spec.split} is not supported by the emulator, which takes Line and None"
    elif not supported(spec.input_filter) or not supported(spec.output_filter):
        problem = (
            f"the emulator does not know the filters {spec.input_filter} and {spec.output_filter}; it takes $, $[1:], "
            "$[0,2], $.name and $['one','other']"
        )
    elif spec.join and spec.split == "None" and spec.content_type != "application/json":
        problem = "JoinSource Input needs SplitType Line, or one JSON document an object"
    if not problem:
        return spec
    return TransformSpec(spec.name, spec.container, spec.source, spec.target, problem=problem)


def _variant(backend: Any, given: Settings) -> VariantSpec:
    container, problem = container_of(backend._models[given["ModelName"]])  # noqa: SLF001 - moto has no other way
    serverless = given.get("ServerlessConfig")
    return VariantSpec(
        name=given["VariantName"],
        container=container,
        weight=float(given.get("InitialVariantWeight", 1.0)),
        serverless=ServerlessSpec(serverless["MemorySizeInMB"], serverless.get("MaxConcurrency", 1))
        if serverless
        else None,
        startup_s=float(given.get("ContainerStartupHealthCheckTimeoutInSeconds", 240)),
        problem=problem,
    )


def container_of(model: Any) -> tuple[ContainerSpec, str]:
    """A model's container, and why it cannot be served ("" for no reason)."""
    given = model.primary_container or {}
    if not given and len(model.containers) == 1:
        given = model.containers[0]
    if not given:
        return ContainerSpec(""), _PIPELINE
    if given.get("ModelPackageName"):
        return ContainerSpec(
            ""
        ), "model packages are not supported by the emulator; name image and model data"
    source = (given.get("ModelDataSource") or {}).get("S3DataSource") or {}
    spec = ContainerSpec(
        given.get("Image", ""),
        given.get("ModelDataUrl") or source.get("S3Uri", ""),
        given.get("Environment") or {},
        several=given.get("Mode") == "MultiModel",
    )
    return spec, ""


def _asynchronous(given: Settings | None) -> AsyncSpec | None:
    if not given:
        return None
    output = given["OutputConfig"]
    notices = output.get("NotificationConfig") or {}
    return AsyncSpec(
        output.get("S3OutputPath", ""),
        output.get("S3FailurePath", ""),
        notices.get("SuccessTopic", ""),
        notices.get("ErrorTopic", ""),
        (given.get("ClientConfig") or {}).get("MaxConcurrentInvocationsPerInstance", 4),
    )
