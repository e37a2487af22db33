"""What every picture source gives: frames with a capture time that is stamped once and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        camera: id of the camera in the site file.
        time_s: capture time, seconds since the epoch (or since a start that the caller chose, for a file).
        index: number of the frame since the source was opened; gaps are dropped frames.
        image: ``(h, w, 3)`` uint8 BGR.
    """

    camera: str
    time_s: float
    index: int
    image: NDArray[np.uint8]


class FrameSource(Protocol):
    """A camera or a file, open and giving frames in order of time."""

    @property
    def camera(self) -> str:
        """Id of the camera in the site file."""
        ...

    @property
    def frames_expected(self) -> int | None:
        """How many frames will come; None for a live source."""
        ...

    @property
    def fps(self) -> float | None:
        """Frames per second as the source declares them; None if it does not."""
        ...

    @property
    def dropped(self) -> int:
        """Frames that came but were too old when somebody asked for one."""
        ...

    @property
    def reconnects(self) -> int:
        """How often the source was lost and came back."""
        ...

    @property
    def decoder(self) -> str:
        """What decodes its pictures: "software", or the name of the hardware."""
        ...

    def read(self) -> Frame | None:
        """The next frame; waits for it.

        Returns:
            A frame, or None after the last frame of a file.

        Raises:
            CameraLost: if the source is gone and cannot be had back.
        """
        ...

    def close(self) -> None:
        """Lets the device or file go; may be called twice."""
        ...

    def __enter__(self) -> Self:
        """The source itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the source."""
        ...
