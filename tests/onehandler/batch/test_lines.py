from hypothesis import given
from hypothesis import strategies as st

from onehandler.batch.inputs.lines import RECORD_LIMIT, line_blocks

LINES = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=30)


def _chunked(content: bytes, data_start: int, chunk_bytes: int) -> list[tuple[int, bytes]]:
    found = []
    for start in range(data_start, len(content), chunk_bytes):
        end = min(start + chunk_bytes, len(content))
        for block in line_blocks(lambda first, last: content[first:last], start, end, data_start):
            assert len(block) > 0
            found += zip(block.offsets, block.contents, strict=True)
    return found


@given(lines=LINES, header=st.binary(max_size=10), chunk_bytes=st.integers(1, 60), ends=st.booleans())
def test_chunks_of_any_size_own_every_line_once_and_in_order(
    lines: list[bytes], header: bytes, chunk_bytes: int, ends: bool
) -> None:
    header = header.replace(b"\n", b"")
    content = header + b"".join(b"\n" + line for line in lines) + b"\n" * ends
    data_start = min(len(header) + 1, len(content))
    expected, offset = [], data_start
    for line in content[data_start:].split(b"\n"):
        stripped = line[:-1] if line.endswith(b"\r") else line
        if stripped:
            expected.append((offset, stripped))
        offset += len(line) + 1
    assert _chunked(content, data_start, chunk_bytes) == expected


def test_an_overlong_line_is_cut_and_the_lines_around_it_survive() -> None:
    content = b"first\n" + b"x" * (9 * RECORD_LIMIT) + b"\nlast\n"
    blocks = list(line_blocks(lambda first, last: content[first:last], 0, len(content), 0))
    offsets = [offset for block in blocks for offset in block.offsets]
    contents = [line for block in blocks for line in block.contents]
    assert offsets == [0, 6, 7 + 9 * RECORD_LIMIT]
    assert (contents[0], contents[2]) == (b"first", b"last")
    assert len(contents[1]) == RECORD_LIMIT + 1


def test_a_range_reads_little_past_its_end() -> None:
    content = b"a,b\n" * 1_000_000
    reads: list[int] = []

    def read(first: int, last: int) -> bytes:
        reads.append(len(content[first:last]))
        return content[first:last]

    found = list(line_blocks(read, 1_000_000, 1_100_000, 0))
    assert sum(map(len, found)) == 25_000
    assert sum(reads) <= 100_001 + 64 * 1024


def test_the_last_line_comes_with_those_before_it() -> None:
    for content in (b"a\nb\nc", b"a\nb\nc\n", b"a\nb\nc\nd\n"):
        [block] = line_blocks(lambda first, last, content=content: content[first:last], 0, 5, 0)
        assert block.contents == [b"a", b"b", b"c"]
