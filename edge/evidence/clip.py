"""The clip of a case, in which nobody but the vehicle can be recognised, and the original pictures in a file apart."""

from __future__ import annotations

import csv
import io
import logging
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.blur import cover
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.picture import caption, mark
from nutgiao.edge.evidence.ring import PICTURES_HZ, RingFrame
from nutgiao.models.contracts.sealed_zip import pack

log = logging.getLogger(__name__)

CLIP_BYTES = 900_000
"""What the clip may weigh: with three stills and a plate a bundle then stays below 1.5 MB."""

BITS_PER_PIXEL = 0.68
"""What OpenCV asks VP8 for: 1.01 MB for 40 pictures of 640 x 480 and 2.27 times that for 2.25 times the area."""

WIDEST_PX = 960
_LEAST_PX = 160
_LONGEST_HOLD = 3  # repeats of a picture: a longer hole is cut out, and the time in the caption jumps

WRITERS = (
    (".webm", cv2.CAP_FFMPEG, "VP80"),
    (".avi", cv2.CAP_OPENCV_MJPEG, "MJPG"),
)
"""VP8 in WebM plays in browsers and players; motion JPEG is in every build of OpenCV and plays in players only."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished clip.

    Attributes:
        file: its name.
        data: its content.
    """

    file: str
    data: bytes


def make_clip(case: Case) -> Clip | None:
    """Makes the clip of a case.

    Args:
        case: the case.

    Returns:
        The clip; None where the camera has no pixels or no codec works here.
    """
    filmed = case.filmed
    if not filmed:
        return None
    first = filmed[0].picture()
    assert first is not None  # noqa: S101 - it is one of those with a picture
    held = _held(filmed)
    size = _size(first.shape[1], first.shape[0], sum(held))
    with tempfile.TemporaryDirectory(prefix="nutgiao-clip-") as folder:
        for ending, backend, codec in WRITERS:
            path = Path(folder) / f"clip{ending}"
            writer = cv2.VideoWriter(str(path), backend, cv2.VideoWriter.fourcc(*codec), PICTURES_HZ, size)
            if not writer.isOpened():
                writer.release()
                continue
            for picture, times in zip(_pictures(case, filmed, size), held, strict=True):
                for _ in range(times):
                    writer.write(picture)
            writer.release()
            if path.exists() and path.stat().st_size > 0:
                return Clip(path.name, path.read_bytes())
    log.error("no clip: OpenCV has neither of %s here", " and ".join(codec for _, _, codec in WRITERS))
    return None


def originals(case: Case) -> bytes | None:
    """Packs the pictures as the camera gave them, with an index of times; the same case gives the same bytes.

    Returns:
        A zip; None where the camera has no pixels.
    """
    files: dict[str, bytes] = {}
    text = io.StringIO()
    index = csv.writer(text, lineterminator="\n")
    index.writerow(["file", "time_s", "frame", "left_px", "top_px", "right_px", "bottom_px"])
    for frame in case.filmed:
        name = f"{len(files):04d}.jpg"
        box = frame.box_of(case.violation.number)
        corners = [""] * 4 if box is None else [f"{edge:.1f}" for edge in box]
        index.writerow([name, f"{frame.time_s:.3f}", frame.index, *corners])
        files[name] = frame.jpeg or b""
    return pack({"index.csv": text.getvalue().encode(), **files}) if files else None


def _pictures(case: Case, filmed: tuple[RingFrame, ...], size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    number = case.violation.number
    lamps = {frame.index: lamp for frame, lamp in zip(case.frames, case.shown, strict=True)}
    for frame in filmed:
        image = frame.picture()
        assert image is not None  # noqa: S101 - it is one of those with a picture
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        scale = size[0] / case.camera.width_px
        cover(small, frame, case.frames, number, scale)
        mark(small, frame.box_of(number), scale)
        caption(small, case, frame, lamps[frame.index], "")
        yield small


def _held(filmed: tuple[RingFrame, ...]) -> list[int]:
    """How often each picture is shown, so that the clip runs as fast as the street did."""
    held, late = [], 0.0  # what rounding has left over, in pictures
    times = [frame.time_s for frame in filmed]
    for begin_s, end_s in pairwise([*times, times[-1] + 1.0 / PICTURES_HZ]):
        due = late + (end_s - begin_s) * PICTURES_HZ
        held.append(min(max(1, round(due)), _LONGEST_HOLD))
        late = 0.0 if due > _LONGEST_HOLD else due - held[-1]
    return held


def _size(width: int, height: int, pictures: int) -> tuple[int, int]:
    """Size of the clip's pictures, so that all of them together stay below `CLIP_BYTES`; even, as codecs want it."""
    area = 8.0 * CLIP_BYTES / BITS_PER_PIXEL / max(1, pictures)
    wide = min(width, WIDEST_PX, max(_LEAST_PX, math.sqrt(area * width / height)))
    return int(wide) // 2 * 2, int(wide * height / width) // 2 * 2
