"""The zip around sealed files, of which every byte follows from the files: so a change of any byte can be told.

A usual zip has room for what nobody checks: comments, extra fields, data before, between and behind the members, two
members of one name, a time and rights of each. This one has none of it: members are stored one after the other, their
directory follows, and that is all. Layout after PKWARE's APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from nutgiao.models.contracts.errors import EvidenceBroken

MEMBERS_LIMIT_BYTES = 512 * 1024 * 1024
"""All members of a zip together are not unpacked beyond this: a small zip can hold gigabytes of zeros."""

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What `zipfile` raises on a damaged member: its own checksum, a wrong header, an unknown method, a password."""

_LOCAL, _CENTRAL, _END = 0x04034B50, 0x02014B50, 0x06054B50
_VERSION, _UNIX = 20, 3 << 8
_DATE, _TIME = (1980 - 1980) << 9 | 1 << 5 | 1, 0  # the first day that a zip knows: times stand in the manifest
_RIGHTS = 0o100444 << 16


def pack(files: Mapping[str, bytes]) -> bytes:
    """Packs files in their order; the same files give the same bytes, on every machine.

    Args:
        files: name to content; names in ASCII.

    Returns:
        The zip.
    """
    body, directory = bytearray(), bytearray()
    for name, data in files.items():
        title = name.encode("ascii")
        common = (0, 0, _TIME, _DATE, zlib.crc32(data), len(data), len(data), len(title), 0)
        directory += struct.pack("<IHH4H3L2H", _CENTRAL, _VERSION | _UNIX, _VERSION, *common)
        directory += struct.pack("<3HLL", 0, 0, 0, _RIGHTS, len(body)) + title
        body += struct.pack("<IH4H3L2H", _LOCAL, _VERSION, *common) + title + data
    end = struct.pack("<I4H2LH", _END, 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(name: str, data: bytes) -> tuple[dict[str, bytes | None], list[str]]:
    """Reads any zip of a reasonable size, as far as it can be read.

    Args:
        name: of the file, for messages.
        data: the zip.

    Returns:
        Content of each member, None where it is damaged; and in words what a sealed zip does not have.

    Raises:
        EvidenceBroken: if it is no zip, or too large inside.
    """
    contents: dict[str, bytes | None] = {}
    oddities = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            if sum(info.file_size for info in bundle.infolist()) > MEMBERS_LIMIT_BYTES:
                raise EvidenceBroken(f"{name}: holds more than {MEMBERS_LIMIT_BYTES} bytes")
            if bundle.comment:
                oddities.append("the zip has a comment")
            for info in bundle.infolist():
                if info.filename in contents:
                    oddities.append(f"two files are called {info.filename}")
                try:
                    contents[info.filename] = bundle.read(info)
                except _DAMAGED:
                    contents[info.filename] = None
    except EvidenceBroken:
        raise
    # ValueError and struct.error come out of zipfile for directories that point nowhere
    except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        raise EvidenceBroken(f"{name}: no readable zip: {error}") from error
    return contents, oddities


def first_difference(data: bytes, other: bytes) -> int | None:
    """Index of the first byte in which two byte strings differ, their lengths included; None if they are the same."""
    if data == other:
        return None
    shorter = min(len(data), len(other))
    return next((i for i in range(shorter) if data[i] != other[i]), shorter)
