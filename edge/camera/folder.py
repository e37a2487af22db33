"""A folder of numbered pictures as a source: recordings that are kept as single files, and sets to measure with."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from nutgiao.edge.camera.source import Frame
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import CameraLost

KINDS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
DEFAULT_FPS = 10.0
"""Single pictures carry no time; the tracking sets of KITTI have ten a second. ``FOLDER?fps=25`` says otherwise."""


class FolderSource(Closing):
    """Pictures of a folder in the order of the numbers in their names, 2 before 10.

    Args:
        folder: where they are; other files in it are passed over.
        camera: id of the camera that took them.
        start_s: time of the first picture.
        fps: pictures per second.

    Raises:
        CameraLost: if there is no such folder, or no picture in it.
    """

    reconnects = 0
    dropped = 0
    decoder = "software"

    def __init__(self, folder: Path, camera: str, *, start_s: float = 0.0, fps: float = DEFAULT_FPS) -> None:
        self.camera, self.fps = camera, fps
        self._start_s = start_s
        if not folder.is_dir():
            raise CameraLost(f"camera {camera}: {folder} is no folder of pictures")
        pictures = (path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file())
        self._paths = sorted(pictures, key=_natural)
        self._index = 0
        if not self._paths:
            raise CameraLost(f"camera {camera}: the folder {folder} holds no picture ({', '.join(KINDS)})")

    @property
    def frames_expected(self) -> int:
        """Pictures in the folder when it was opened."""
        return len(self._paths)

    def read(self) -> Frame | None:
        """The next picture, or None after the last one; see `FrameSource.read`.

        Raises:
            CameraLost: if a file is no picture.
        """
        if self._index >= len(self._paths):
            return None
        path = self._paths[self._index]
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise CameraLost(f"camera {self.camera}: {path} is not a picture that OpenCV can read, or is damaged")
        frame = Frame(self.camera, self._start_s + self._index / self.fps, self._index, np.asarray(image, np.uint8))
        self._index += 1
        return frame

    def close(self) -> None:
        """No file is held open between pictures; nothing comes any more."""
        self._paths = []


def _natural(path: Path) -> list[tuple[int, str]]:
    """Name with its numbers as numbers: digits and text in turn."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]
