"""A clip that begins again when it ends: what a camera would give that looks at the same street for days."""

from __future__ import annotations

from pathlib import Path

from nutgiao.edge.camera.source import Frame
from nutgiao.edge.camera.video import FileSource
from nutgiao.models.closing import Closing


class Looped(Closing):
    """A clip that begins again when it ends, for so many frames, with times that go on.

    Args:
        path: the clip.
        camera: id of the camera.
        frames: how many to give.
    """

    dropped = reconnects = 0
    decoder = "software"

    def __init__(self, path: Path, camera: str, frames: int) -> None:
        self.camera, self.frames_expected = camera, frames
        self._path, self._given, self._last_s = path, 0, 0.0
        self._source = FileSource(path, camera)
        self.fps = self._source.fps

    def read(self) -> Frame | None:
        """The next frame; None behind the last one."""
        if self._given == self.frames_expected:
            return None
        frame = self._source.read()
        if frame is None:
            self._source.close()
            self._source = FileSource(self._path, self.camera, start_s=self._last_s + 1.0 / (self.fps or 25.0))
            frame = self._source.read()
            assert frame is not None
        self._last_s = frame.time_s
        self._given += 1
        return Frame(frame.camera, frame.time_s, self._given, frame.image)

    def close(self) -> None:
        """Lets the file go."""
        self._source.close()
