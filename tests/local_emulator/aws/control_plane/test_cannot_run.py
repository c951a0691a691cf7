"""A function that the emulator cannot run says so in its own answer, whoever invoked it."""

import json
from pathlib import Path

from local_emulator.aws.composition import EmulatorSettings
from local_emulator.aws.emulator import AwsEmulator
from tests.local_emulator.aws.emulators import NoExecution, Running, make_function


def test_the_reason_is_a_function_error(tmp_path: Path) -> None:
    with AwsEmulator(EmulatorSettings(tmp_path, port=0)) as emulator:
        running = Running(emulator, NoExecution())
        make_function(running, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}})
        answer = running.client("lambda").invoke(FunctionName="f")
        assert answer["FunctionError"] == "Unhandled"
        told = json.loads(answer["Payload"].read())
        assert told["errorType"] == "Emulator.UnsupportedVariable"
        assert "AWS_LAMBDA_EXEC_WRAPPER" in told["errorMessage"]
