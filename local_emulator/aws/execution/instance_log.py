"""What an instance has written since its last invocation ended, and how much of it went to the log writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_emulator.aws.execution.log_writer import LogWriter


class InstanceLog:
    """The log of one instance. `text` is appended to by whoever has something to say."""

    __slots__ = ("_group", "_stream", "_writer", "_written", "text")

    def __init__(self, writer: LogWriter, group: str, stream: str) -> None:
        self._writer = writer
        self._group = group
        self._stream = stream
        self._written = 0
        self.text = bytearray()

    def begin_stream(self, stream: str) -> None:
        """Write what there is, then go on in another stream."""
        self.take()
        self._stream = stream

    def end_line(self) -> None:
        """Begin a new line unless the last one is over."""
        if self.text and self.text[-1] != ord("\n"):
            self.text += b"\n"

    def write_whole_lines(self) -> None:
        """Hand lines to the writer, but not the last when it is still going on."""
        self._write_up_to(self.text.rfind(b"\n", self._written) + 1)

    def write(self) -> None:
        """Hand all to the writer."""
        self.end_line()
        self._write_up_to(len(self.text))

    def take(self) -> bytes:
        """Hand all to the writer, give all, and begin anew."""
        self.write()
        text = bytes(self.text)
        self.text.clear()
        self._written = 0
        return text

    def _write_up_to(self, end: int) -> None:
        if end > self._written:
            self._writer.write(self._group, self._stream, bytes(self.text[self._written : end]))
            self._written = end
