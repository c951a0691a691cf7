"""Runs the stock runtime client and notes every file that is opened or mapped: `python -S recorder.py HANDLER OUT`.

A line on standard input has it write what it knows to descriptor OUT. What an interpreter does by itself after
it has started (`site`, sitecustomize.py) is done here under the same eyes, thus -S. Nothing is imported that an
interpreter running `-m awslambdaric` would not load.
"""

import _thread
import os
import sys

opened: set[str] = set()
out = int(sys.argv.pop())


def note(event: str, arguments: tuple[object, ...]) -> None:
    """Keep the path of an opened file, an extension module or a shared library."""
    path = arguments[1] if event == "import" else arguments[0] if event in ("open", "ctypes.dlopen") else None
    if isinstance(path, str):
        opened.add(path)


def tell() -> None:
    """Wait to be asked: by then the first answer is out."""
    os.read(0, 1)
    # What C code has opened by itself: libraries, and what they load. pathlib would be one more module.
    with open("/proc/self/maps") as maps:  # noqa: PTH123
        opened.update(path for line in maps if (path := line[73:].strip()).startswith("/"))
    lines = [
        *(f"module {name}" for name in sorted(sys.modules)),
        *(f"file {path}" for path in sorted(opened)),
    ]
    os.write(out, "\n".join(lines).encode())
    os.close(out)


_thread.start_new_thread(tell, ())
sys.addaudithook(note)

import site  # noqa: E402

site.main()

import runpy  # noqa: E402

runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
