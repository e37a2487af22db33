"""Reads SUMO's XML files, packed or not, one element after the other."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from nutgiao.models.contracts.errors import ConfigError

_GZIP_MAGIC = b"\x1f\x8b"


def open_xml(path: Path) -> BinaryIO:
    """Opens a file; one packed with gzip is unpacked whatever its name says."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def elements(path: Path, root_tag: str | None = None) -> Iterator[ET.Element]:
    """Yields the elements directly below the root, complete, without holding the whole file.

    ``<include href="…"/>`` yields the elements of that file.

    Args:
        path: the file.
        root_tag: what the root must be; None takes any.

    Raises:
        ConfigError: if the file is missing, broken, or of another kind.
    """
    level, root = 0, None
    try:
        with open_xml(path) as file:
            for event, element in ET.iterparse(file, events=("start", "end")):  # noqa: S314 - the user runs it in SUMO
                if event == "start":
                    level += 1
                    if root is None:
                        root = _checked_root(path, element, root_tag)
                    continue
                level -= 1
                if level != 1 or root is None:
                    continue
                if element.tag == "include":
                    yield from elements(path.parent / element.get("href", ""))
                else:
                    yield element
                root.clear()
    except FileNotFoundError as error:
        raise ConfigError(str(path), None, "", "does not exist.", "Mend the path.") from error
    except ET.ParseError as error:
        line = error.position[0]
        raise ConfigError(str(path), line, "", f"is no well-formed XML: {error}.", "Make the file again.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(str(path), None, "", f"cannot be read: {error}.", "Make the file again.") from error


def _checked_root(path: Path, root: ET.Element, wanted: str | None) -> ET.Element:
    if wanted is not None and root.tag != wanted:
        raise ConfigError(str(path), None, root.tag, f"a file with the root <{wanted}> is needed.", "Mend the path.")
    return root
