from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.local_emulator.aws.execution.functions import answer, function, invocation

if TYPE_CHECKING:
    from local_emulator.aws.execution.executor import Executor
    from tests.local_emulator.aws.execution.functions import Lines


def test_print_and_logging_and_standard_error_reach_outcome_and_sink(
    executor: Executor, lines: Lines
) -> None:
    source = """
        import logging, sys
        print("while importing")
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            print("printed", event)
            logging.info("logged")
            print("to stderr", file=sys.stderr)
    """
    first = executor.invoke(function(source), invocation(1))
    second = executor.invoke(function(source), invocation(2))
    executor.flush_logs()

    log = first.log.decode()
    wanted = (
        "while importing\n",
        "START RequestId",
        "printed 1\n",
        "[INFO]\t",
        "\tlogged\n",
        "to stderr\n",
        "END",
    )
    places = [log.index(text) for text in wanted]
    assert places == sorted(places)
    assert "while importing" not in second.log.decode()
    assert "printed 2\n" in second.log.decode()
    assert lines.text == log + second.log.decode()
    assert {group for group, _, _, _ in lines.writes} == {"/aws/lambda/tested"}
    assert len({stream for _, stream, _, _ in lines.writes}) == 1
    assert all(abs(stamp - time.time() * 1000) < 60_000 for _, _, _, stamp in lines.writes)


def test_log_group_of_the_functions_choice(executor: Executor, lines: Lines) -> None:
    executor.invoke(function(log_group="/mine"), invocation())
    executor.flush_logs()
    assert {group for group, _, _, _ in lines.writes} == {"/mine"}


def test_a_line_over_several_writes_stays_whole(executor: Executor, lines: Lines) -> None:
    source = """
        import os, time
        def handler(event, context):
            os.write(1, b"one ")
            time.sleep(0.15)
            os.write(2, b"line\\nand ")
            time.sleep(0.15)
            os.write(1, b"no end")
    """
    log = executor.invoke(function(source), invocation()).log
    executor.flush_logs()
    assert b"\none line\nand no end\nEND RequestId" in log
    assert all(text.endswith(b"\n") for _, _, text, _ in lines.writes)
    assert len(lines.writes) > 1  # it could be watched while it went on
    assert lines.text == log.decode()


def test_lines_arrive_while_the_invocation_goes_on(executor: Executor, lines: Lines) -> None:
    source = """
        import time
        def handler(event, context):
            print("early")
            time.sleep(1.5)
    """
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(executor.invoke, function(source), invocation())
        end = time.monotonic() + 1.4
        while "early" not in lines.text and time.monotonic() < end:
            time.sleep(0.01)
        assert "early" in lines.text
        assert not running.done()
        answer(running.result())


def test_ten_megabytes_of_log_neither_block_nor_lose_the_report(executor: Executor, lines: Lines) -> None:
    source = """
        def handler(event, context):
            for number in range(100_000):
                print(f"{number:07d}", "x" * 92)
            return "done"
    """
    outcome = executor.invoke(function(source, timeout_s=60.0), invocation())
    executor.flush_logs()
    assert answer(outcome) == "done"
    written = outcome.log.decode().split("\n")
    assert written[0].startswith("START")
    assert written[1:100_001] == [f"{number:07d} {'x' * 92}" for number in range(100_000)]
    assert written[-2].startswith("REPORT RequestId")
    assert lines.text == outcome.log.decode()


def test_a_background_thread_that_never_stops_writing(executor: Executor) -> None:
    source = """
        import threading
        def write():
            while True:
                print("again")
        def handler(event, context):
            if not event:
                threading.Thread(target=write, daemon=True).start()
            return event
    """
    for number in range(5):
        outcome = executor.invoke(function(source), invocation(number))
        assert answer(outcome) == number
        assert outcome.log.endswith(b"\n")


def test_closing_an_executor_writes_what_is_left(make_executor, lines: Lines) -> None:
    executor = make_executor()
    outcome = executor.invoke(function(), invocation())
    executor.close()
    assert lines.text == outcome.log.decode()


def test_a_sink_that_fails_loses_lines_and_nothing_else(executor: Executor, lines: Lines, caplog) -> None:
    whole = lines.write

    def fail(*_: object) -> None:
        raise OSError("disk full")

    lines.write = fail  # type: ignore[method-assign]
    answer(executor.invoke(function(), invocation()))
    executor.flush_logs()
    assert "disk full" in caplog.text
    lines.write = whole  # type: ignore[method-assign]
    answer(executor.invoke(function(), invocation()))
    executor.flush_logs()
    assert "REPORT" in lines.text


def test_endless_output_is_cut_and_says_so(make_executor, lines: Lines) -> None:
    executor = make_executor(log=100_000)
    source = """
        def handler(event, context):
            for _ in range(100_000):
                print("again and again")
            return "done"
    """
    outcome = executor.invoke(function(source), invocation())
    executor.flush_logs()
    assert answer(outcome) == "done"
    assert b"\nThe emulator drops the rest: over 100000 bytes of log\nEND RequestId" in outcome.log
    assert 100_000 < len(outcome.log) < 101_000
    assert lines.text == outcome.log.decode()
    assert b"drops" not in executor.invoke(function(), invocation()).log
