"""Writes an annotated video with the first codec that this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import NutgiaoError

CODECS = ("mp4v", "avc1")
"""MPEG-4 part 2 is in every build of OpenCV and plays in VLC, mpv and ffplay; H.264, where an encoder is there, in a
browser too."""

DEFAULT_FPS = 10.0


class VideoWriter:
    """One video file.

    Args:
        path: the file, overwritten.
        size_px: width and height of the pictures.
        fps: frames per second; None takes `DEFAULT_FPS`.
        paced: for a live source, whose frames do not come evenly: pictures are repeated or left out so that the video
            runs as fast as the street did. A file keeps every frame once.

    Raises:
        NutgiaoError: if no codec works or the file cannot be written.
    """

    def __init__(self, path: Path, size_px: tuple[int, int], *, fps: float | None, paced: bool) -> None:
        self.path = path
        self.frames = 0
        self._size_px = size_px
        self._fps = fps or DEFAULT_FPS
        self._paced = paced
        self._start_s: float | None = None
        self._writer: Any = None
        for codec in CODECS:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), self._fps, size_px)
            if writer.isOpened():
                self._writer, self.codec = writer, codec
                return
            writer.release()
        raise NutgiaoError(
            f"{path}: cannot write a video here (codecs tried: {', '.join(CODECS)}). "
            "Is the folder writable? '--no-video' writes the other files."
        )

    def write(self, image: NDArray[np.uint8], time_s: float) -> None:
        """Adds a picture.

        Args:
            image: ``(h, w, 3)`` uint8 BGR of the size promised.
            time_s: its capture time.
        """
        if self._start_s is None:
            self._start_s = time_s
        wanted = self.frames + 1
        if self._paced:
            wanted = round((time_s - self._start_s) * self._fps) + 1
        while self.frames < wanted:
            self._writer.write(image)
            self.frames += 1

    def close(self) -> None:
        """Completes the file and looks whether it opens again.

        Raises:
            NutgiaoError: if it does not: the disk may be full.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        if self.frames == 0:
            return
        check = cv2.VideoCapture(str(self.path))
        there, _ = check.read()
        check.release()
        if not there:
            raise NutgiaoError(f"{self.path}: the video cannot be read back; is the disk full?")
