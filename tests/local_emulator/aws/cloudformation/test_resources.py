"""Each of our resource types: created, changed, deleted, seen through its service's own API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local_emulator.aws.emulators import RUNTIME

if TYPE_CHECKING:
    from tests.local_emulator.aws.cloudformation.stacks import TestedStack

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Principal": "*"}],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def function(**properties: Any) -> dict[str, Any]:
    return resource(
        "AWS::Lambda::Function",
        **{
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": RUNTIME,
            "Handler": "index.f",
            "Code": {"ZipFile": "def f(event, context): return 1"},
            **properties,
        },
    )


def test_http_api(stack: TestedStack) -> None:
    gateway = stack.running.client("apigatewayv2")
    api = {"ApiId": {"Ref": "Api"}}
    integration = {
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": ["F", "Arn"]},
        "PayloadFormatVersion": "2.0",
        "TimeoutInMillis": "29000",
    }
    resources = {
        "Role": ROLE,
        "F": function(),
        "Api": resource(
            "AWS::ApiGatewayV2::Api", Name="a", ProtocolType="HTTP", CorsConfiguration={"AllowOrigins": ["*"]}
        ),
        "Integration": resource("AWS::ApiGatewayV2::Integration", **api, **integration),
        "Route": resource(
            "AWS::ApiGatewayV2::Route",
            **api,
            RouteKey="GET /a",
            Target={"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
            AuthorizationType="CUSTOM",
            AuthorizerId={"Ref": "Authorizer"},
        ),
        "Authorizer": resource(
            "AWS::ApiGatewayV2::Authorizer",
            **api,
            Name="who",
            AuthorizerType="REQUEST",
            AuthorizerUri={"Fn::GetAtt": ["F", "Arn"]},
            AuthorizerPayloadFormatVersion="2.0",
            IdentitySource=["$request.header.Authorization"],
        ),
        "Stage": resource(
            "AWS::ApiGatewayV2::Stage",
            **api,
            StageName="$default",
            AutoDeploy=True,
            DefaultRouteSettings={"ThrottlingBurstLimit": 10, "ThrottlingRateLimit": 5},
        ),
    }
    ids = stack.deploy_resources(**resources)
    assert gateway.get_stage(ApiId=ids["Api"], StageName="$default")["DefaultRouteSettings"] == {
        "ThrottlingBurstLimit": 10,
        "ThrottlingRateLimit": 5.0,
    }
    route = gateway.get_route(ApiId=ids["Api"], RouteId=ids["Route"])
    assert route["Target"] == f"integrations/{ids['Integration']}"
    assert route["AuthorizerId"] == ids["Authorizer"]
    assert (
        gateway.get_integration(ApiId=ids["Api"], IntegrationId=ids["Integration"])["TimeoutInMillis"]
        == 29000
    )

    resources["Api"] = resource("AWS::ApiGatewayV2::Api", Name="b", ProtocolType="HTTP")
    resources["Route"]["Properties"]["RouteKey"] = "POST /a"
    del resources["Route"]["Properties"]["AuthorizationType"]
    del resources["Route"]["Properties"]["AuthorizerId"]
    resources["Stage"]["Properties"]["DefaultRouteSettings"] = {"ThrottlingBurstLimit": 20}
    assert stack.deploy_resources(**resources) == ids
    changed = gateway.get_api(ApiId=ids["Api"])
    assert (changed["Name"], changed.get("CorsConfiguration")) == ("b", None)
    route = gateway.get_route(ApiId=ids["Api"], RouteId=ids["Route"])
    assert (route["RouteKey"], route["AuthorizationType"]) == ("POST /a", "NONE")
    stage = gateway.get_stage(ApiId=ids["Api"], StageName="$default")
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 20}
    assert stack.delete() == "DELETE_COMPLETE"
    assert ids["Api"] not in str(gateway.get_apis())


def test_websocket_apis_are_refused(stack: TestedStack) -> None:
    template = {"Resources": {"Api": resource("AWS::ApiGatewayV2::Api", Name="a", ProtocolType="WEBSOCKET")}}
    assert stack.deploy(template) == "ROLLBACK_COMPLETE"
    assert "ProtocolType 'WEBSOCKET' is not supported" in stack.failures()[0][2]


def test_bucket(stack: TestedStack) -> None:
    s3 = stack.running.client("s3")
    encryption = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]
    block = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    rules = [
        {"Id": "old", "Status": "Enabled", "ExpirationInDays": 3, "Prefix": "tmp/"},
        {
            "Id": "parts",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 2},
        },
    ]
    queue_rules = {"S3Key": {"Rules": [{"Name": "suffix", "Value": ".csv"}]}}
    resources: dict[str, Any] = {
        "Queue": resource("AWS::SQS::Queue"),
        "Bucket": resource(
            "AWS::S3::Bucket",
            BucketName="settings-of-a-bucket",
            BucketEncryption={"ServerSideEncryptionConfiguration": encryption},
            PublicAccessBlockConfiguration=block,
            VersioningConfiguration={"Status": "Enabled"},
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            CorsConfiguration={
                "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 5}]
            },
            LifecycleConfiguration={"Rules": rules},
            NotificationConfiguration={
                "QueueConfigurations": [
                    {
                        "Event": "s3:ObjectCreated:*",
                        "Queue": {"Fn::GetAtt": ["Queue", "Arn"]},
                        "Filter": queue_rules,
                    }
                ]
            },
            Tags=[{"Key": "k", "Value": "v"}],
        ),
    }
    name = {"Bucket": stack.deploy_resources(**resources)["Bucket"]}
    rule = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"] == block
    assert s3.get_bucket_versioning(**name)["Status"] == "Enabled"
    assert s3.get_bucket_cors(**name)["CORSRules"][0]["MaxAgeSeconds"] == 5
    old, parts = s3.get_bucket_lifecycle_configuration(**name)["Rules"]
    assert (old["Expiration"], old["Filter"]) == ({"Days": 3}, {"Prefix": "tmp/"})
    assert parts["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    [sent] = s3.get_bucket_notification_configuration(**name)["QueueConfigurations"]
    assert sent["Events"] == ["s3:ObjectCreated:*"]
    [filtered] = sent["Filter"]["Key"]["FilterRules"]
    assert (filtered["Name"].lower(), filtered["Value"]) == ("suffix", ".csv")
    assert s3.get_bucket_tagging(**name)["TagSet"] == [{"Key": "k", "Value": "v"}]

    resources["Bucket"]["Properties"] = {"BucketName": "settings-of-a-bucket"}
    stack.deploy_resources(**resources)
    assert s3.get_bucket_versioning(**name)["Status"] == "Suspended"
    assert "QueueConfigurations" not in s3.get_bucket_notification_configuration(**name)
    for gone in (s3.get_bucket_lifecycle_configuration, s3.get_bucket_cors, s3.get_bucket_tagging):
        with pytest.raises(ClientError):
            gone(**name)
    assert stack.delete() == "DELETE_COMPLETE"


def test_bucket_policy(stack: TestedStack) -> None:
    def policy(action: str) -> dict[str, Any]:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        document = {"Statement": [statement]}
        return resource("AWS::S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=document)

    bucket = resource("AWS::S3::Bucket")
    name = stack.deploy_resources(Bucket=bucket, Policy=policy("s3:*"))["Bucket"]
    s3 = stack.running.client("s3")
    s3.put_object(Bucket=name, Key="k", Body=b"v")
    stack.deploy_resources(Bucket=bucket, Policy=policy("s3:Get*"))
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]["Action"] == "s3:Get*"
    stack.deploy_resources(Bucket=bucket)
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=name)


def test_queue_and_policy(stack: TestedStack) -> None:
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5}
    policy = resource(
        "AWS::SQS::QueuePolicy",
        Queues=[{"Ref": "Queue"}],
        PolicyDocument=ALLOW,
    )
    queue = resource(
        "AWS::SQS::Queue", VisibilityTimeout="60", RedrivePolicy=redrive, SqsManagedSseEnabled=True
    )
    dead = resource("AWS::SQS::Queue")
    url = stack.deploy_resources(Queue=queue, Dead=dead, Policy=policy)["Queue"]

    def attributes() -> dict[str, str]:
        client = stack.running.client("sqs")
        found: dict[str, str] = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
            "Attributes"
        ]
        return found

    found = attributes()
    assert found["VisibilityTimeout"] == "60"
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 5
    assert json.loads(found["Policy"])["Version"] == "2012-10-17"
    assert (
        stack.deploy_resources(Queue=resource("AWS::SQS::Queue", DelaySeconds=1), Dead=dead)["Queue"] == url
    )
    found = attributes()
    assert (found["VisibilityTimeout"], found["DelaySeconds"]) == ("30", "1")
    assert not found.get("Policy")
    assert not found.get("RedrivePolicy")


def test_function_with_everything(stack: TestedStack) -> None:
    functions = stack.running.client("lambda")
    whole = function(
        Environment={"Variables": {"A": "1"}},
        MemorySize="512",
        Timeout="9",
        EphemeralStorage={"Size": 600},
        ReservedConcurrentExecutions=3,
        DeadLetterConfig={"TargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}},
        LoggingConfig={"LogGroup": "mine"},
        Tags=[{"Key": "k", "Value": "v"}],
    )
    dead = resource("AWS::SQS::Queue")
    url = resource("AWS::Lambda::Url", TargetFunctionArn={"Fn::GetAtt": ["F", "Arn"]}, AuthType="NONE")
    retries = resource(
        "AWS::Lambda::EventInvokeConfig",
        FunctionName={"Ref": "F"},
        Qualifier="$LATEST",
        MaximumRetryAttempts="1",
    )
    permission = resource(
        "AWS::Lambda::Permission",
        FunctionName={"Fn::GetAtt": ["F", "Arn"]},
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    name = stack.deploy_resources(
        Role=ROLE, Dead=dead, F=whole, Url=url, Retries=retries, Permission=permission
    )["F"]
    found = functions.get_function(FunctionName=name)
    settings = found["Configuration"]
    assert (settings["MemorySize"], settings["Timeout"]) == (512, 9)
    assert settings["Environment"] == {"Variables": {"A": "1"}}
    assert settings["DeadLetterConfig"]["TargetArn"].startswith("arn:aws:sqs:")
    assert settings["EphemeralStorage"] == {"Size": 600}
    assert settings["LoggingConfig"]["LogGroup"] == "mine"
    assert (found["Tags"], found["Concurrency"]) == ({"k": "v"}, {"ReservedConcurrentExecutions": 3})
    assert functions.get_function_url_config(FunctionName=name)["AuthType"] == "NONE"
    assert functions.get_function_event_invoke_config(FunctionName=name)["MaximumRetryAttempts"] == 1
    assert "apigateway.amazonaws.com" in functions.get_policy(FunctionName=name)["Policy"]

    assert stack.deploy_resources(Role=ROLE, Dead=dead, F=function())["F"] == name
    found = functions.get_function(FunctionName=name)
    settings = found["Configuration"]
    assert (settings["MemorySize"], settings["Timeout"]) == (128, 3)
    assert settings["EphemeralStorage"] == {"Size": 512}
    assert "Environment" not in settings
    assert "DeadLetterConfig" not in settings
    assert not {"Tags", "Concurrency"} & found.keys()
    for gone in (
        functions.get_function_url_config,
        functions.get_policy,
        functions.get_function_event_invoke_config,
    ):
        with pytest.raises(ClientError):
            gone(FunctionName=name)


def test_versions_aliases_and_layers(stack: TestedStack) -> None:
    functions = stack.running.client("lambda")
    s3 = stack.running.client("s3")
    s3.create_bucket(Bucket="layers-for-this-test")
    from tests.local_emulator.aws.emulators import zipped

    def deploy(number: int, weights: list[dict[str, Any]]) -> dict[str, str]:
        s3.put_object(Bucket="layers-for-this-test", Key=f"{number}.zip", Body=zipped(lib=f"x = {number}"))
        layer = resource(
            "AWS::Lambda::LayerVersion",
            LayerName="lib",
            Content={"S3Bucket": "layers-for-this-test", "S3Key": f"{number}.zip"},
            CompatibleRuntimes=[RUNTIME],
        )
        share = resource(
            "AWS::Lambda::LayerVersionPermission",
            LayerVersionArn={"Ref": "Layer"},
            Action="lambda:GetLayerVersion",
            Principal="*",
        )
        live = resource(
            "AWS::Lambda::Alias",
            FunctionName={"Ref": "F"},
            Name="live",
            FunctionVersion={"Fn::GetAtt": [f"V{number}", "Version"]},
            RoutingConfig={"AdditionalVersionWeights": weights},
        )
        version = resource("AWS::Lambda::Version", FunctionName={"Ref": "F"})
        return stack.deploy_resources(
            **{
                "Role": ROLE,
                "Layer": layer,
                "Share": share,
                "F": function(Layers=[{"Ref": "Layer"}]),
                f"V{number}": {**version, "DeletionPolicy": "Retain"},
                "Live": live,
            }
        )

    first = deploy(1, [])
    assert first["Layer"].endswith(":layer:lib:1")
    assert first["V1"].endswith(":1")
    second = deploy(2, [{"FunctionVersion": "1", "FunctionWeight": 0.5}])
    assert (second["F"], second["Live"]) == (first["F"], first["Live"])
    assert second["Layer"].endswith(":layer:lib:2")
    settings = functions.get_function_configuration(FunctionName=first["F"])
    assert [layer["Arn"] for layer in settings["Layers"]] == [second["Layer"]]
    alias = functions.get_alias(FunctionName=first["F"], Name="live")
    assert alias["FunctionVersion"] == "2"
    assert alias["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.5}}
    versions = functions.list_versions_by_function(FunctionName=first["F"])["Versions"]
    assert [each["Version"] for each in versions] == ["$LATEST", "1", "2"]
    found = functions.list_layer_versions(LayerName="lib")["LayerVersions"]
    assert [each["Version"] for each in found] == [2]
    assert stack.delete() == "DELETE_COMPLETE"
    assert functions.list_layer_versions(LayerName="lib")["LayerVersions"] == []


def test_event_source_mapping(stack: TestedStack) -> None:
    functions = stack.running.client("lambda")
    queue = resource("AWS::SQS::Queue", VisibilityTimeout=30)
    source = {
        "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
        "FunctionName": {"Fn::GetAtt": ["F", "Arn"]},
    }
    mapping = resource(
        "AWS::Lambda::EventSourceMapping",
        **source,
        BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
        MaximumBatchingWindowInSeconds=1,
    )
    ids = stack.deploy_resources(Role=ROLE, F=function(), Queue=queue, Mapping=mapping)
    found = functions.get_event_source_mapping(UUID=ids["Mapping"])
    assert (found["BatchSize"], found["ScalingConfig"]) == (5, {"MaximumConcurrency": 2})
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    changed = resource("AWS::Lambda::EventSourceMapping", **source, BatchSize=7, Enabled=False)
    assert stack.deploy_resources(Role=ROLE, F=function(), Queue=queue, Mapping=changed) == ids
    found = functions.get_event_source_mapping(UUID=ids["Mapping"])
    assert (found["BatchSize"], found["State"]) == (7, "Disabled")
    assert not found.get("FunctionResponseTypes")
    stack.deploy_resources(Role=ROLE, F=function(), Queue=queue)
    with pytest.raises(ClientError):
        functions.get_event_source_mapping(UUID=ids["Mapping"])


def test_log_group(stack: TestedStack) -> None:
    logs = stack.running.client("logs")
    name = stack.deploy_resources(Group=resource("AWS::Logs::LogGroup", RetentionInDays=14))["Group"]
    [group] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 14
    stack.deploy_resources(Group=resource("AWS::Logs::LogGroup"))
    [group] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert "retentionInDays" not in group
    assert stack.delete() == "DELETE_COMPLETE"
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def test_role_and_policy(stack: TestedStack) -> None:
    iam = stack.running.client("iam")
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"

    def role(*policies: str, managed: tuple[str, ...] = ()) -> dict[str, Any]:
        inline = [{"PolicyName": name, "PolicyDocument": ALLOW} for name in policies]
        return resource(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=TRUST,
            Policies=inline,
            ManagedPolicyArns=list(managed),
        )

    extra = resource("AWS::IAM::Policy", PolicyName="extra", Roles=[{"Ref": "Role"}], PolicyDocument=ALLOW)
    name = stack.deploy_resources(Role=role("one", "two", managed=(basic,)), Extra=extra)["Role"]
    assert set(iam.list_role_policies(RoleName=name)["PolicyNames"]) == {"one", "two", "extra"}
    assert [
        each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    ] == [basic]
    assert stack.deploy_resources(Role=role("two", "three"))["Role"] == name
    assert set(iam.list_role_policies(RoleName=name)["PolicyNames"]) == {"two", "three"}
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=name)


def test_table(stack: TestedStack) -> None:
    tables = stack.running.client("dynamodb")

    def table(**properties: Any) -> dict[str, Any]:
        return resource(
            "AWS::DynamoDB::Table",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            **properties,
        )

    name = stack.deploy_resources(
        Table=table(
            TimeToLiveSpecification={"AttributeName": "expires", "Enabled": True},
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            StreamSpecification={"StreamViewType": "NEW_IMAGE"},
            SSESpecification={"SSEEnabled": True},
        )
    )["Table"]
    tables.put_item(TableName=name, Item={"id": {"S": "kept"}})
    living = tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert living == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert tables.describe_table(TableName=name)["Table"]["StreamSpecification"]["StreamEnabled"] is True
    assert stack.deploy_resources(Table=table())["Table"] == name
    assert tables.get_item(TableName=name, Key={"id": {"S": "kept"}})["Item"] == {"id": {"S": "kept"}}
    assert (
        tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"]
        == "DISABLED"
    )
    assert stack.delete() == "DELETE_COMPLETE"
    assert name not in tables.list_tables()["TableNames"]
