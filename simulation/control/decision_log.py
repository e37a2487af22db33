"""The log of decisions on disk: written while a run goes on, and read again, also if it was cut off.

The file is JSON lines packed with gzip. A minute of the run is packed by itself, so what is on the disk can be read
whatever happens to the writer, and ``zcat`` reads all of it. While the run goes on the name ends in ``.part``.
"""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from nutgiao.models.contracts.decision import FORMAT, LogHeader, Second
from nutgiao.models.contracts.errors import ConfigError

_BLOCK = 60
_LEVEL = 5
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LogOrder:
    """A log that is wanted of a run.

    Attributes:
        path: the file.
        run: hash of all that determines the run.
        controller: its name.
    """

    path: Path
    run: str
    controller: str


def log_path(folder: Path, seed: int) -> Path:
    """Where the log of a seed lies under the folder of a study."""
    return folder / "decisions" / f"seed-{seed}.jsonl.gz"


def part_of(path: Path) -> Path:
    """Name of a log that is not finished."""
    return path.with_name(f"{path.name}.part")


class LogWriter:
    """Writes a log. If there is no room for it, or it must not be written, the run goes on without.

    Args:
        path: the file; its folder is made, and an older log removed.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, part_of(path)
        self._encoder = msgspec.json.Encoder()
        self._lines: list[bytes] = []
        self._broken = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            self._part.write_bytes(b"")
        except OSError:
            self._broken = True

    def write(self, line: LogHeader | Second) -> None:
        """Adds a line."""
        self._lines.append(self._encoder.encode(line))
        if len(self._lines) >= _BLOCK:
            self._flush()

    def close(self, whole: bool) -> None:
        """Ends the log.

        Args:
            whole: whether the run came to its end; else the log stays as unfinished.
        """
        self._flush()
        if whole and not self._broken:
            with contextlib.suppress(OSError):
                self._part.replace(self._path)

    def _flush(self) -> None:
        if self._lines and not self._broken:
            block = gzip.compress(b"\n".join(self._lines) + b"\n", _LEVEL, mtime=0)
            try:
                with self._part.open("ab") as file:
                    file.write(block)
            except OSError:
                self._broken = True
        self._lines.clear()


def logged_run(path: Path) -> str | None:
    """The run that a finished log tells of; None if there is none, or none that can be read."""
    try:
        with path.open("rb") as file:
            return _header(next(_lines(file), b"")).run
    except (OSError, msgspec.DecodeError, ValueError):
        return None


def read_log(path: Path) -> tuple[LogHeader, Iterator[Second]]:
    """Header and seconds of a log; of one that is cut off as far as it can be read.

    Args:
        path: finished or not.

    Raises:
        ConfigError: if it cannot be read, or is no log of this format.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error.strerror}.", "Mend its rights.") from error
    lines = _lines(file)
    try:
        header = _header(next(lines, b""))
    except (msgspec.DecodeError, ValueError) as error:
        file.close()
        problem = f"is no log of decisions: {error}."
        raise ConfigError(str(path), None, "", problem, "Remove it and run `nutgiao control` again.") from error
    return header, _seconds(lines)


def _header(line: bytes) -> LogHeader:
    if not line:
        raise ValueError("it is empty, since the run has just begun or broke off in its first minute")
    told = msgspec.json.decode(line, type=dict).get("format")
    if told != FORMAT:
        raise ValueError(f"its format is {told}, not {FORMAT}")
    return msgspec.json.decode(line, type=LogHeader)


def _seconds(lines: Iterator[bytes]) -> Iterator[Second]:
    decoder = msgspec.json.Decoder(Second)
    for line in lines:
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError:
            return  # where it was cut off


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, and at the end what there is of the last one."""
    rest = b""
    with file:
        for block in _unpacked(file):
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
    if rest:
        yield rest


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while data := file.read(_READ_BYTES):
        while data:
            try:
                yield unpack.decompress(data)
            except zlib.error:
                return
            data = unpack.unused_data
            if unpack.eof:
                unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
