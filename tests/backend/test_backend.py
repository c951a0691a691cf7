"""ONNX's own node tests through `onehandler build`, Handler and Open Inference V2, beside onnxruntime itself.

Seen with onnx 1.23.2 and onnxruntime 1.31.1: of 1,855 cases whose inputs and outputs are tensors, onnxruntime's Python
API passes 1,375 and we pass 1,378; of 29 with sequences or optionals it passes 22 and we refuse all.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import pytest
from onnx.backend.test.runner import Runner

from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.backend.cases import TENSORS, NodeCase, node_cases
from tests.backend.explained import DIFFERENT, NO_TENSORS, RANDOM, reason
from tests.backend.running import Outcome, alike, bundle_of, by_bundle, by_onnxruntime, typed
from tests.backend.wire import arrays, as_bytes, as_json
from tests.conformance.carriers import Socket

if TYPE_CHECKING:
    from pathlib import Path

_EVERY = 100  # passed cases there are to one that goes over a socket, too


class Result(NamedTuple):
    """One case, run both ways."""

    case: NodeCase
    theirs: Outcome
    ours: Outcome

    @property
    def passed(self) -> tuple[bool, bool]:
        return self.theirs.passes(self.case), self.ours.passes(self.case)

    @property
    def alike(self) -> bool:
        """Whether both answered, and the same: near the tolerance one may pass and the other not."""
        if self.theirs.outputs is None or self.ours.outputs is None:
            return False
        pairs = zip(chain(*self.theirs.outputs), chain(*self.ours.outputs), strict=True)
        return all(alike(one, other) for one, other in pairs)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    folder = tmp_path_factory.mktemp("backend")
    return [Result(case, by_onnxruntime(case), by_bundle(case, folder)) for case in node_cases()]


@pytest.fixture(scope="module")
def tensors(results: list[Result]) -> list[Result]:
    return [each for each in results if each.case.kinds == TENSORS]


def test_we_pass_what_onnxruntime_passes(tensors: list[Result]) -> None:
    passed = [each.passed for each in tensors]
    theirs, ours = (sum(side) for side in zip(*passed, strict=True))
    assert len(tensors) >= 1800
    assert min(theirs, ours) >= 1350
    different = {each.case.name for each in tensors if len(set(each.passed)) > 1 and not each.alike}
    assert different == DIFFERENT.keys()


def test_whatever_neither_passes_is_explained(tensors: list[Result]) -> None:
    neither = [each for each in tensors if each.passed == (False, False)]
    refused = [each for each in neither if each.ours.outputs is None]
    unexplained = [each for each in refused if not reason(f"{each.ours.reason}\n{each.theirs.reason}")]
    assert not [(each.case.name, each.ours.reason, each.theirs.reason) for each in unexplained]
    assert {each.ours.status for each in refused} == {200, 400}  # 200 where building refused it before


def test_where_onnxruntime_differs_from_the_reference_so_do_we(tensors: list[Result]) -> None:
    neither = [each for each in tensors if each.passed == (False, False)]
    answered = [each for each in neither if each.ours.outputs and not each.case.name.startswith(RANDOM)]
    assert answered
    assert [each.case.name for each in answered if not each.alike] == []


def test_what_is_no_tensor_is_refused_when_it_is_built(results: list[Result]) -> None:
    others = [each for each in results if each.case.kinds != TENSORS]
    assert any(each.theirs.passes(each.case) for each in others)
    for each in others:
        assert re.search(NO_TENSORS, each.ours.reason), (each.case.name, each.ours.reason)


def test_a_socket_carries_the_same(tensors: list[Result], tmp_path: Path) -> None:
    passed = [each.case for each in tensors if each.ours.passes(each.case)]
    socket = Socket()
    try:
        for case in passed[::_EVERY]:
            folder = tmp_path / case.name
            folder.mkdir()
            handler = Handler.load(bundle_of(case, folder), Settings({}))
            for inputs, expected in case.sets:
                for request in (as_json(typed(case, inputs)), as_bytes(typed(case, inputs))):
                    answer = socket(handler, request)
                    assert answer.status == 200, answer.body
                    Runner.assert_similar_outputs(expected, arrays(answer), case.rtol, case.atol)
    finally:
        socket.close()
