"""Files that a power cut may not halve: what is written is there as a whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file beside its place, waits until the disk has it, and only then gives it its name.

    Args:
        path: the file; what it held before stays until the new content is complete.
        data: its content.

    Raises:
        OSError: if the folder cannot be written.
    """
    draft = path.with_name(path.name + ".part")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:  # half a file on a full disk would keep the room that the next one needs
        draft.unlink(missing_ok=True)
        raise
