"""S3 and DynamoDB as a worker meets them: requests that are told to slow down are sent again, as boto3 does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.simulation.case import State
    from benchmarks.simulation.limits import RateLimit
    from benchmarks.simulation.loop import Step

LEDGER, S3 = "ledger", "S3"
_ITEM_BYTES = 150  # key, names, counts
_LEDGER_ATTEMPTS, _S3_ATTEMPTS = 10, 5  # botocore's, of its "legacy" mode, the default
_FINISHING_CALLS = 4  # two moves of the job, the ledger's query, the marker


def item_units(chunks: int, numbers: int) -> int:
    """Write units of an update that leaves an item with so many chunks, whose numbers are up to `numbers`."""
    number = 1 + -(-len(str(numbers)) // 2)  # bytes ("DynamoDB item sizes and formats")
    return -(-(_ITEM_BYTES + chunks * number) // 1024)


class Services:
    """The requests of one chunk."""

    def __init__(self, state: State) -> None:
        self._state = state

    def look(self) -> Step:
        """Read the manifest, ask for the part and the job's status."""
        state, tally = self._state, self._state.tally
        if not (yield from self._calls(S3, state.results_reads, lambda: 2)):
            return False
        if not (yield from self._calls(LEDGER, state.ledger_reads, lambda: 1)):
            return False
        tally.s3_reads += 2
        tally.read_units += 1
        yield state.case.times.look()
        return True

    def score(self) -> Step:
        """Read the chunk and score it."""
        state = self._state
        reads = state.case.times.reads(state.case.rows_a_chunk)
        if not (yield from self._calls(S3, state.drops_reads, lambda: reads)):
            return False
        state.tally.s3_reads += reads
        spread = state.random.lognormvariate(0, state.case.times.spread)
        yield state.case.times.score(state.case.rows_a_chunk) * spread
        return True

    def write(self, chunk: int) -> Step:
        """Write the part if none is there."""
        state = self._state
        if not (yield from self._calls(S3, state.results_writes, lambda: 1)):
            return False
        state.tally.s3_writes += 1
        yield state.case.times.write(state.case.rows_a_chunk)
        if state.written[chunk]:  # If-None-Match: another worker was sooner
            state.tally.repeated += 1
        else:
            state.written[chunk] = 1
            state.tally.parts += 1
        return True

    def enter(self, chunk: int) -> Step:
        """Enter the chunk in its item; a full item enters the job's, and the last of these ends the job."""
        state, limits = self._state, self._state.case.limits
        item = chunk // limits.chunks_an_item
        if not (yield from self._update(lambda: self._units(item))):
            return False
        if not state.entered[chunk]:
            state.entered[chunk] = 1
            state.items[item] += 1
            state.done += 1
        yield state.case.times.enter()
        chunks = state.case.chunks
        if state.items[item] < min(limits.chunks_an_item, chunks - item * limits.chunks_an_item):
            return True
        if not (yield from self._update(lambda: 1)):
            return False
        yield state.case.times.enter()
        if state.done == chunks and state.completed is None:
            state.completed = state.loop.now + _FINISHING_CALLS * state.case.times.enter()
        return True

    def _units(self, item: int) -> int:
        return item_units(self._state.items[item] + 1, self._state.case.chunks)

    def _update(self, units: Callable[[], int]) -> Step:
        taken = 0

        def asked() -> int:
            nonlocal taken
            taken = units()
            return taken

        if not (yield from self._calls(LEDGER, self._state.ledger_writes, asked)):
            return False
        self._state.tally.write_units += taken
        return True

    def _calls(self, service: str, limit: RateLimit, units: Callable[[], int]) -> Step:
        """Take units, sooner or later; False after as many attempts as boto3 makes."""
        state = self._state
        attempts = _LEDGER_ATTEMPTS if service == LEDGER else _S3_ATTEMPTS
        for attempt in range(attempts):
            if limit.take(state.loop.now, units()):
                return True
            state.tally.throttled[service] += 1
            if attempt < attempts - 1:
                state.waiting[service] += 1
                base = 0.05 if service == LEDGER else state.random.random()
                yield base * 2**attempt
                state.waiting[service] -= 1
        return False
