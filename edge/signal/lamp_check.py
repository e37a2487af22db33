"""What a camera's lamp readers make of a clip: runs, shares and pictures, for whoever drew the boxes of the lamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.blur import PERSON_BLOCKS, pixelate
from nutgiao.edge.signal.countdown import Countdown
from nutgiao.edge.signal.lamp import EARLY_S, LampReader
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import Indication

Image = NDArray[np.uint8]

PICTURES = 12
"""Of each head on the strip: its first runs."""
TILE_PX, CAPTION_PX, GAP_PX = 150, 34, 4
AROUND = 0.4
"""Of the head's size that is shown around it."""


@dataclass(slots=True)
class ReadRun:
    """A head read the same for a while.

    Attributes:
        indication: what.
        start_s: capture time of the first frame.
        end_s: of the last one.
        frames: how many.
        confidence: 0..1, the lowest of them.
    """

    indication: Indication
    start_s: float
    end_s: float
    frames: int
    confidence: float


@dataclass(slots=True)
class CountRun:
    """The countdown told one end for a while.

    Attributes:
        start_s: of the first frame.
        value_s: seconds on the display then.
        end_s: when it would be over, the mean of what they tell.
        last_s: of the last frame.
        frames: in between, both included.
    """

    start_s: float
    value_s: int
    end_s: float
    last_s: float
    frames: int


@dataclass(slots=True)
class HeadCheck:
    """What was read of one head.

    Attributes:
        lamp: its boxes.
        runs: oldest first.
        frames: readings by what was read.
        doubtful: frames in which something else was seen for a moment, and nothing is claimed.
        counts: what its countdown told, oldest first.
    """

    lamp: LampBox
    runs: list[ReadRun] = field(default_factory=list)
    frames: Counter[Indication] = field(default_factory=Counter)
    doubtful: int = 0
    counts: list[CountRun] = field(default_factory=list)
    pictures: list[Image] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether it was ever read."""
        return any(count for indication, count in self.frames.items() if indication is not Indication.UNKNOWN)


class LampCheck:
    """Reads all heads of a camera frame after frame, as the box would.

    Args:
        lamps: their boxes, in pixels of the calibrated picture.
        scale: width and height of the pictures over those of the calibrated one.
    """

    def __init__(self, lamps: Sequence[LampBox], scale: tuple[float, float]) -> None:
        self.heads = [HeadCheck(lamp) for lamp in lamps]
        self._readers = [LampReader(lamp, scale) for lamp in lamps]
        self._scale = scale

    def take(self, image: Image, time_s: float) -> None:
        """Reads the next frame.

        Args:
            image: ``(h, w, 3)`` BGR.
            time_s: capture time.
        """
        for head, reader in zip(self.heads, self._readers, strict=True):
            reading = reader.read(image, time_s)
            if reading.countdown is not None:
                _count(head.counts, reading.countdown, time_s)
            if reading.doubt:
                head.doubtful += 1
                continue
            head.frames[reading.indication] += 1
            last = head.runs[-1] if head.runs else None
            if last is not None and last.indication is reading.indication:
                last.end_s, last.frames = time_s, last.frames + 1
                last.confidence = min(last.confidence, reading.confidence)
                continue
            head.runs.append(ReadRun(reading.indication, time_s, time_s, 1, reading.confidence))
            if len(head.pictures) < PICTURES:
                head.pictures.append(self._tile(head, image))

    def strip(self) -> Image | None:
        """``(h, w, 3)`` BGR: a row for each head, the first picture of each of its runs; None before the first."""
        rows = [np.hstack(head.pictures) for head in self.heads if head.pictures]
        if not rows:
            return None
        width = max(row.shape[1] for row in rows)
        return np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])

    def _tile(self, head: HeadCheck, image: Image) -> Image:
        """The head enlarged, its boxes drawn, with what was read below.

        Nobody has looked for people in this picture, so all of it is made as coarse as people are in exports: what lies
        round the head, for riders stop below it, and the boxes too, for one may have been drawn on a face. So coarse a
        box still shows whether the lamp glows in its middle.
        """
        sx, sy = self._scale
        drawn = np.array([*head.lamp.boxes_px.values()], np.float64) * (sx, sy, sx, sy)
        corners = np.concatenate([drawn[:, :2].min(axis=0), drawn[:, 2:].max(axis=0)])
        middle, half = (corners[:2] + corners[2:]) / 2, (corners[2:] - corners[:2]).max() * (0.5 + AROUND)
        left, top = np.maximum(np.floor(middle - half), 0).astype(int).tolist()
        right, bottom = np.ceil(middle + half).astype(int).tolist()
        part = image[top:bottom, left:right].copy()
        pixelate(part, 0, 0, part.shape[1], part.shape[0], PERSON_BLOCKS)
        for x0, y0, x1, y1 in drawn.round().astype(int).tolist():
            lamp = image[y0:y1, x0:x1].copy()
            pixelate(lamp, 0, 0, x1 - x0, y1 - y0, PERSON_BLOCKS)
            part[y0 - top : y1 - top, x0 - left : x1 - left] = lamp
        times = TILE_PX / max(part.shape[:2])
        size = (max(1, round(part.shape[1] * times)), max(1, round(part.shape[0] * times)))
        large = cv2.resize(part, size, interpolation=cv2.INTER_NEAREST)
        for box in (drawn - (left, top, left, top)) * times:
            x0, y0, x1, y1 = (round(v) for v in box.tolist())
            cv2.rectangle(large, (x0, y0), (x1, y1), (255, 255, 255), 1)
        tile = np.zeros((TILE_PX + CAPTION_PX + GAP_PX, TILE_PX + GAP_PX, 3), np.uint8)
        tile[: large.shape[0], : large.shape[1]] = large
        run = head.runs[-1]
        for k, text in enumerate((f"{head.lamp.signal_group} {run.start_s:.1f} s", run.indication.value)):
            cv2.putText(tile, text, (2, TILE_PX + 14 + 15 * k), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1)
        return tile


def _count(counts: list[CountRun], shown: Countdown, time_s: float) -> None:
    if counts and abs(counts[-1].end_s - shown.end_s) <= EARLY_S:
        last = counts[-1]
        last.last_s, last.frames = time_s, last.frames + 1
        last.end_s += (shown.end_s - last.end_s) / last.frames
    else:
        counts.append(CountRun(time_s, shown.value_s, shown.end_s, time_s, 1))
