"""The backgrounds kept of a camera, in several lights, on disk: a picture is in its place when it fits one of them."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import cv2
import msgspec
import numpy as np

from nutgiao.edge.camera.position import NEAR_PX, NOWHERE, WIDTH_PX, Background, place
from nutgiao.edge.files import write_whole
from nutgiao.models.contracts.site import Camera

log = logging.getLogger(__name__)

MOST = 4
"""Backgrounds kept: day, dusk, night, and one to spare."""
LIKE_SHARE = 0.5
"""Below this share of blocks found again the light, or the street, has changed so much that it is worth keeping."""
LEARN_EVERY_S = 600.0
STILL_PX = 0.3
"""Only a background that lies this near to a kept one is kept too, or the reference would creep with the camera."""


class Places:
    """What a camera saw where it was calibrated.

    The first background is kept for good. Others are added while the camera is in its place and the light makes it hard
    to tell; the one that was not used for longest makes room.

    Args:
        folder: where they are kept; None keeps them in memory only.
        name: first part of the files' names, see `name_of`.
    """

    def __init__(self, folder: Path | None = None, name: str = "") -> None:
        self._folder, self._name = folder, name
        self._kept: list[Background] = []
        self._used_s: list[float] = []
        self._learnt_s = float("-inf")
        for number in range(MOST) if folder is not None else ():
            grey = cv2.imread(str(self._file(number)), cv2.IMREAD_GRAYSCALE) if self._file(number).is_file() else None
            if grey is None or grey.shape[1] != WIDTH_PX:
                break
            self._kept.append(Background.of(np.asarray(grey, np.uint8)))
            self._used_s.append(float("-inf"))

    def find(self, now: Background, time_s: float, *, learn: bool = True) -> float | None:
        """How far a background lies from where the camera was calibrated.

        Args:
            now: the background of the last seconds.
            time_s: time now.
            learn: whether the picture is good enough to be kept.

        Returns:
            Mean movement of the picture's corners in reduced pixels; None if nothing was found again.
        """
        if not self._kept or self._kept[0].grey.shape != now.grey.shape:
            if learn:
                self._kept, self._used_s = [], []
                self._keep(now, 0, time_s)
            return 0.0
        best, chosen = NOWHERE, 0
        for number in sorted(range(len(self._kept)), key=lambda n: -self._used_s[n]):
            here = place(self._kept[number], now)
            if here.share > best.share:
                best, chosen = here, number
            if here.shift_px is not None and here.shift_px <= NEAR_PX:
                break
        if best.shift_px is None:
            return None
        self._used_s[chosen] = time_s
        if learn and best.shift_px < STILL_PX and best.share < LIKE_SHARE and time_s - self._learnt_s > LEARN_EVERY_S:
            free = len(self._kept)
            self._keep(now, free if free < MOST else min(range(1, MOST), key=lambda n: self._used_s[n]), time_s)
        return best.shift_px

    def _keep(self, background: Background, number: int, time_s: float) -> None:
        self._kept[number : number + 1] = [background]
        self._used_s[number : number + 1] = [time_s]
        self._learnt_s = time_s
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._file(number), cv2.imencode(".png", background.grey)[1].tobytes())
        except OSError as error:  # the camera is watched all the same, only not over a restart
            log.warning("the background of a camera cannot be kept: %s", error)

    def _file(self, number: int) -> Path:
        assert self._folder is not None  # noqa: S101 - asked for only with a folder
        return self._folder / f"{self._name}-{number}.png"


def name_of(camera: Camera) -> str:
    """Name under which a camera's backgrounds are kept: calibrated anew, it begins anew."""
    calibration = msgspec.json.encode((camera.width_px, camera.height_px, camera.ground_pairs))
    return f"{camera.id}-{hashlib.sha256(calibration).hexdigest()[:12]}"
