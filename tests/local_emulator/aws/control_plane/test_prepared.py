"""A function's code is unpacked when it is made or changed, not when it is first asked."""

from pathlib import Path

from tests.local_emulator.aws.emulators import control_plane, make_function, zipped


def test_new_and_changed_functions_are_prepared(tmp_path: Path) -> None:
    with control_plane(tmp_path) as running:
        client = running.client("lambda")
        make_function(running)
        arn = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"
        assert running.execution.prepared == [arn]
        client.update_function_configuration(FunctionName="f", Timeout=9)
        client.update_function_code(
            FunctionName="f", ZipFile=zipped(handler="def handle(event, context): pass")
        )
        assert running.execution.prepared == [arn] * 3
