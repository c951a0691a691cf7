"""InputFilter, OutputFilter: the part of JSONPath that picks columns of a line of CSV, or members of an object.

`$` is all of it; of CSV `$[2]`, `$[1:]`, `$[0,3]`; of JSON `$.name` and `$['one','other']`.
https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

from __future__ import annotations

import csv
import io
import json
import re

from local_emulator.sagemaker.errors import CannotServe

_SLICE = re.compile(r"\$\[(-?\d+)?:(-?\d+)?\]")
_PLACES = re.compile(r"\$\[(-?\d+(?:\s*,\s*-?\d+)*)\]")
_MEMBER = re.compile(r"\$\.(\w+)")
_MEMBERS = re.compile(r"\$\[('[^']+'(?:\s*,\s*'[^']+')*)\]")


def supported(path: str) -> bool:
    """Whether it is one of those above."""
    return path == "$" or any(form.fullmatch(path) for form in (_SLICE, _PLACES, _MEMBER, _MEMBERS))


def filtered(line: bytes, path: str, content_type: str) -> bytes:
    """What the path picks of one line. CannotServe when the line hasn't that."""
    if path == "$":
        return line
    if "json" in content_type:
        return _of_json(line, path)
    return _of_csv(line, path)


def _of_csv(line: bytes, path: str) -> bytes:
    cells = next(csv.reader([line.decode("utf-8", "surrogateescape")]), [])
    if (found := _SLICE.fullmatch(path)) is not None:
        begin, end = (int(each) if each else None for each in found.groups())
        picked = cells[begin:end]
    elif (found := _PLACES.fullmatch(path)) is not None:
        places = [int(each) for each in found[1].split(",")]
        if any(not -len(cells) <= place < len(cells) for place in places):
            raise CannotServe(f"a line has {len(cells)} columns; {path} asks for another")
        picked = [cells[place] for place in places]
    else:
        raise CannotServe(f"{path} picks members of objects, and the lines are CSV")
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(picked)
    return written.getvalue().encode("utf-8", "surrogateescape")


def _of_json(line: bytes, path: str) -> bytes:
    try:
        value = json.loads(line)
    except ValueError:
        raise CannotServe("a line is not JSON: it cannot be filtered") from None
    try:
        return json.dumps(_picked(value, path), ensure_ascii=False).encode()
    except (KeyError, IndexError, TypeError):
        raise CannotServe(f"a line has nothing at {path}") from None


def _picked(value: object, path: str) -> object:
    if (found := _MEMBER.fullmatch(path)) is not None and isinstance(value, dict):
        return value[found[1]]
    if (found := _MEMBERS.fullmatch(path)) is not None and isinstance(value, dict):
        names = re.findall(r"'([^']+)'", found[1])
        return {name: value[name] for name in names}
    if (found := _SLICE.fullmatch(path)) is not None and isinstance(value, list):
        begin, end = (int(each) if each else None for each in found.groups())
        return value[begin:end]
    if (found := _PLACES.fullmatch(path)) is not None and isinstance(value, list):
        places = [int(each) for each in found[1].split(",")]
        return value[places[0]] if len(places) == 1 else [value[place] for place in places]
    raise KeyError(path)
