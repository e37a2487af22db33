"""Keeps results of SUMO runs under the hash of everything that determines them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.variant import Setup
from nutgiao.simulation.xml_elements import open_xml

READER = 1
"""Version of what is read from a run; raise it when a figure is reckoned in another way."""

T = TypeVar("T")

_INPUTS = re.compile(rb'<(?:include\s[^>]*?href|(?:rerouter|variableSpeedSign)\s[^>]*?file)="([^"]+)"')
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class RunCache:
    """A folder with one file a result: the SHA-256 of the rest on the first line, then JSON.

    Args:
        folder: is made if it is missing.
        tell: is told of what is broken or cannot be kept; a run goes on without.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None] = lambda _text: None) -> None:
        self._folder, self._tell = folder, tell
        self._full = False
        self._digests: dict[Path, str] = {}

    def key(self, kind: str, setup: Setup, seed: int, *more: object) -> str:
        """Name of a result: changes with every byte of the files that SUMO reads, and with all options.

        Args:
            kind: of the result.
            setup: what is run; where its files lie does not matter.
            seed: of SUMO.
            more: whatever else determines the result.
        """
        scenario = setup.scenario
        whole = hashlib.sha256(f"nutgiao {READER} {kind} sumo {importlib.metadata.version('eclipse-sumo')}".encode())
        options = sumo_options(scenario, seed)
        files = {str(scenario.net), ",".join(map(str, scenario.routes)), ",".join(map(str, scenario.additional))}
        for option in options:
            whole.update(b"\0" + (b"files" if option in files else option.encode()))
            named = Path(option.partition("=")[2])
            if option.startswith("--") and "=" in option and named.is_file():
                whole.update(self._digest(named).encode())
        for path in (scenario.net, *scenario.routes, *scenario.additional):
            whole.update(b"\0" + self._digest(path).encode())
        told = (sorted(setup.stuck.items()), sorted(setup.left_out), sorted(setup.line_of.items()), more)
        whole.update(b"\0" + repr(told).encode())
        return whole.hexdigest()

    def get(self, key: str, kind: type[T]) -> T | None:
        """The result of that name; None if there is none, or none that is whole."""
        path = self._path(key)
        try:
            first, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._tell(f"{path} cannot be read ({error.strerror}); the run is made again")
            return None
        try:
            if hashlib.sha256(body).hexdigest().encode() != first:
                raise ValueError("its checksum does not fit")
            return msgspec.json.decode(body, type=kind)
        except (ValueError, msgspec.DecodeError) as error:
            self._tell(f"{path} is broken ({error}); the run is made again and the file replaced")
            return None

    def put(self, key: str, value: object) -> None:
        """Keeps a result; if the disk is full or the folder cannot be written to, that is told once."""
        if self._full:
            return
        body = msgspec.json.encode(value)
        path = self._path(key)
        half = path.with_name(f"{key}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            half.replace(path)  # at once: another process sees the whole file or none
        except OSError as error:
            self._full = True
            why = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
            self._tell(
                f"results cannot be kept in {self._folder}: {why}; the simulation goes on without. Make room, or name "
                "another folder with --cache"
            )
            with contextlib.suppress(OSError):
                half.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"

    def _digest(self, path: Path) -> str:
        """Hash of a file and of those that it includes."""
        if path not in self._digests:
            try:
                whole = hashlib.sha256(path.read_bytes())
            except OSError as error:
                raise ConfigError(
                    str(path), None, "", f"cannot be read: {error.strerror}.", "Mend the path."
                ) from error
            for included in _included(path):
                whole.update(self._digest(included).encode())
            self._digests[path] = whole.hexdigest()
        return self._digests[path]


def _included(path: Path) -> list[Path]:
    """Files that a file of SUMO's names as its input; what it names as outputs is none."""
    with open_xml(path) as file:
        try:
            found = _INPUTS.findall(file.read())
        except (OSError, EOFError, zlib.error) as error:
            raise ConfigError(str(path), None, "", f"cannot be read: {error}.", "Make the file again.") from error
    names = [(path.parent / name.decode(errors="replace")).resolve() for name in found]
    return [name for name in names if name.is_file() and name != path.resolve()]
