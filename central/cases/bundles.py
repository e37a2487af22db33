"""Evidence bundles in their folder: names, contents, and how one comes in without ever replacing another."""

from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import MANIFEST
from nutgiao.models.contracts.evidence_check import read_manifest

UPLOAD_LIMIT_BYTES = 5 * 1024 * 1024
MEMBER_LIMIT_BYTES = 32 * 1024 * 1024
"""Nothing larger is unpacked: a zip of 5 MB can hold gigabytes of zeros."""

MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".avi": "video/x-msvideo",
    ".json": "application/json",
    ".csv": "text/csv",
}
"""What is shown to a browser, and as what; anything else could run there."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")

Verify = Callable[[Path, str, str], str | None]
"""Checks a bundle of a node for a case: ``verify(path, node, violation)`` is None if it is right, else why not."""


class TooLarge(EvidenceBroken):
    """A bundle is larger than the limit."""


class BundleExists(EvidenceBroken):
    """A different bundle of that name is kept already."""


class Bundles:
    """The folder of bundles, ``<name>.zip``.

    Args:
        folder: created if missing.
        verify: asked before a bundle is kept.
    """

    def __init__(self, folder: Path, verify: Verify) -> None:
        self._folder, self._verify = folder, verify
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, name: str) -> bool:
        """Whether a bundle has come; no name that a bundle cannot have ever has."""
        try:
            return self._path(name).is_file()
        except EvidenceBroken:
            return False

    def whole(self, name: str) -> bytes:
        """A bundle as it lies there.

        Raises:
            FileNotFoundError: if it has not come.
            EvidenceBroken: if that is no name of a bundle, or it cannot be read.
        """
        path = self._path(name)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise EvidenceBroken(f"bundle {name}: {error}") from error

    def stills(self, name: str) -> tuple[str, ...]:
        """Names of the stills that the bundle's manifest tells; none while it has not come or cannot be read."""
        try:
            manifest, _ = read_manifest(name, self.read(name, MANIFEST))
        except (FileNotFoundError, EvidenceBroken):
            return ()
        return tuple(still.file for still in manifest.stills)

    def older_than(self, time_s: float) -> set[str]:
        """Names of the bundles that came before a time, seconds since the epoch."""
        return {path.name for path in self._folder.glob("*.zip") if path.stat().st_mtime < time_s}

    def delete(self, name: str) -> None:
        """Deletes a bundle if it is there."""
        try:
            self._path(name).unlink(missing_ok=True)
        except EvidenceBroken:
            return  # a report may name anything

    def contents(self, name: str) -> list[dict[str, Any]]:
        """Members of a bundle in its own order; empty while it has not come."""
        if not self.has(name):
            return []
        try:
            with zipfile.ZipFile(self._path(name)) as bundle:
                return [
                    {"name": info.filename, "bytes": info.file_size, "media_type": media_type(info.filename)}
                    for info in bundle.infolist()
                    if not info.is_dir()
                ]
        except FileNotFoundError:
            return []
        except (zipfile.BadZipFile, OSError) as error:
            raise EvidenceBroken(f"bundle {name}: {error}") from error

    def read(self, name: str, member: str) -> bytes:
        """One member, by its exact name in the bundle; nothing is ever unpacked to disk.

        Raises:
            FileNotFoundError: if there is no such bundle or member.
            EvidenceBroken: if the bundle is damaged or the member too large.
        """
        try:
            with zipfile.ZipFile(self._path(name)) as bundle:
                info = bundle.getinfo(member)
                if info.file_size > MEMBER_LIMIT_BYTES:
                    raise EvidenceBroken(f"bundle {name}: {member} has {info.file_size} bytes")
                return bundle.read(info)
        except KeyError as error:
            raise FileNotFoundError(f"bundle {name} has no {member}") from error
        except (zipfile.BadZipFile, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise EvidenceBroken(f"bundle {name}: {error}") from error

    async def take(self, name: str, node: str, chunks: AsyncIterator[bytes]) -> bool:
        """Takes in a bundle: limited, verified, then moved to its place in one step.

        Returns:
            False if the very same bundle was there already.

        Raises:
            TooLarge: above 5 MB.
            BundleExists: if another one has the name.
            EvidenceBroken: if the name or the bundle is not what it should be.
        """
        place = self._path(name)
        handle, incoming = tempfile.mkstemp(prefix=".incoming-", dir=self._folder)
        path = Path(incoming)
        try:
            with os.fdopen(handle, "wb") as file:
                size = 0
                async for chunk in chunks:
                    size += len(chunk)
                    if size > UPLOAD_LIMIT_BYTES:
                        raise TooLarge(f"bundle {name} is larger than {UPLOAD_LIMIT_BYTES} bytes")
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if not zipfile.is_zipfile(path):
                raise EvidenceBroken(f"bundle {name} is no zip file")
            problem = self._verify(path, node, place.stem)
            if problem is not None:
                raise EvidenceBroken(f"bundle {name}: {problem}")
            try:
                os.link(path, place)  # unlike a rename, a link never replaces what is there
            except FileExistsError:
                if place.read_bytes() != path.read_bytes():
                    raise BundleExists(f"another bundle {name} is kept already") from None
                return False
        finally:
            path.unlink(missing_ok=True)
        return True

    def _path(self, name: str) -> Path:
        stem = name.removesuffix(".zip")
        if not _NAME.fullmatch(stem):
            raise EvidenceBroken(f"{name!r} is no name of a bundle: letters, digits, '_', '.', '-', at most 128")
        return self._folder / f"{stem}.zip"


def media_type(member: str) -> str | None:
    """What a browser may show it as; None if it may not."""
    return MEDIA_TYPES.get(Path(member).suffix.lower())
