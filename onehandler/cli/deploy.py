"""`onehandler deploy`: what no other tool deploys. AWS Lambda is `sls deploy`, Azure Functions is `az`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, print_json, progress

if TYPE_CHECKING:
    from adapters.sagemaker_endpoint import Order


@click.group("deploy")
def command() -> None:
    """Deploy a BUNDLE to SageMaker. AWS Lambda is deployed by `sls deploy`, Azure Functions by `az`: see README.

    \b
    onehandler deploy sagemaker build/bundles/churn --name churn --bucket models --role ARN --image URI
    """  # noqa: D301


@command.command("sagemaker")
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option("--name", required=True, help="The endpoint's name; one that is there is updated in place.")
@click.option(
    "--image", required=True, help="The serving container's image in ECR: ACCOUNT.dkr.ecr…/onehandler:TAG."
)
@click.option("--role", required=True, help="ARN of the role that the model runs as.")
@click.option("--bucket", required=True, help="Bucket for model.tar.gz.")
@click.option("--prefix", default="onehandler", show_default=True, help="Key prefix in it.")
@click.option("--instance-type", default="ml.c6i.large", show_default=True)
@click.option("--instances", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--serverless-memory", type=click.IntRange(0, 6144), default=0, help="MB, for a serverless endpoint."
)
@click.option(
    "--max-concurrency", type=click.IntRange(1, 200), default=5, show_default=True, help="If serverless."
)
@click.option("--async-output", default="", help="s3://… for the answers of an asynchronous endpoint.")
@click.option(
    "--multi-model", is_flag=True, help="Put the bundle beside others of one endpoint, as NAME.tar.gz."
)
@click.option("--rollback-alarm", "alarms", multiple=True, help="CloudWatch alarm that undoes an update.")
@click.option(
    "--wait", type=click.IntRange(1), default=1800, show_default=True, help="Seconds for it to serve."
)
@click.option("--dry-run", is_flag=True, help="Print what would be made; ask and change nothing.")
@as_json_option
def sagemaker(  # noqa: PLR0913, PLR0917
    bundle: Path,
    name: str,
    image: str,
    role: str,
    bucket: str,
    prefix: str,
    instance_type: str,
    instances: int,
    serverless_memory: int,
    max_concurrency: int,
    async_output: str,
    multi_model: bool,
    alarms: tuple[str, ...],
    wait: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Serve BUNDLE (a folder or its .tar.gz) from a SageMaker endpoint: instances, serverless, async or multi-model.

    \b
    onehandler package sagemaker build/bundles/churn        makes the image's context: build and push it once
    onehandler deploy sagemaker build/bundles/churn --name churn --bucket models --role ARN --image URI
    """  # noqa: D301
    from adapters.sagemaker_endpoint import MODEL_FILE, Order, Scale, deploy, planned, upload
    from onehandler.bundle import Bundle

    verified = Bundle.load(str(bundle))
    archives = f"{prefix.strip('/')}/{name}"
    key = (
        f"{archives}/{verified.name}.tar.gz"
        if multi_model
        else f"{archives}/{verified.digest[:16]}/{MODEL_FILE}"
    )
    order = Order(
        name=name,
        digest=verified.digest,
        data=f"s3://{bucket}/{archives}/" if multi_model else f"s3://{bucket}/{key}",
        image=image,
        role=role,
        scale=Scale(instance_type, instances, serverless_memory, max_concurrency),
        async_output=async_output,
        several=multi_model,
        alarms=alarms,
    )
    plan = planned(order)
    if dry_run:
        print_json({"Upload": f"s3://{bucket}/{key}", **plan.to_json()})
        return
    with progress("packing") as told:
        upload(bundle, bucket, key)
        arn = deploy(plan, lambda doing: told(f"{name}: {doing}"), seconds=wait)
    if as_json:
        print_json({"endpoint": name, "arn": arn, "model": order.data, "digest": verified.digest})
    else:
        click.echo(_how_to_ask(order, verified.name))


def _how_to_ask(order: Order, model: str) -> str:
    target = f" --target-model {model}.tar.gz" if order.several else ""
    return (
        f"{order.name} serves {order.data}\n"
        f"aws sagemaker-runtime invoke-endpoint --endpoint-name {order.name}{target} --content-type text/csv "
        "--body fileb://rows.csv out.json"
    )
