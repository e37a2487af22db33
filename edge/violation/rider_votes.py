"""Votes of a second network over a track: each different, sharp, unhidden picture of a motorcycle has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.rider_card import BARE, MORE, RiderCard

Image = NDArray[np.uint8]

MOST_VOTES = 12
"""More pictures of one motorcycle tell nothing new."""
FORGET_S = 5.0
"""Votes of a track that has ended are kept so long: its last frames may not have been looked at by the rules yet."""

_MOTORCYCLE = CLASS_CODE[VehicleClass.MOTORCYCLE]
_THUMB_PX = 16


class Looks(Protocol):
    """A network for riders; see `nutgiao.edge.detect.riders.RiderModel`."""

    @property
    def card(self) -> RiderCard:
        """What the weights are."""
        ...

    def look(self, crops: Sequence[Image]) -> NDArray[np.float64]:
        """``(n, 4)`` probabilities of pictures of single motorcycles."""
        ...


@dataclass(frozen=True, slots=True)
class VoteSettings:
    """Which pictures may vote.

    Attributes:
        per_second: at most so many pictures a second go to the network, of all motorcycles together.
        apart_s: two votes of a track lie so far apart,
        change: and their pictures differ by so many grey levels in the mean: a frozen picture votes once.
        height_px: a box is at least so high: below it a helmet is some five pixels.
        sharp: least variance of the second derivative of the grey levels (Pech-Pacheco et al., ICPR 2000).
        hidden_share: at most this share of the box is covered by other boxes.
        margin_px: the box ends so far from the edge of the picture: a head may be beyond it.
        min_hits: detections of the track.
    """

    per_second: float = 8.0
    apart_s: float = 0.3
    change: float = 4.0
    height_px: float = 64.0
    sharp: float = 40.0
    hidden_share: float = 0.1
    margin_px: float = 3.0
    min_hits: int = 4


@dataclass(slots=True)
class Votes:
    """What the pictures of one motorcycle say.

    Attributes:
        looks: pictures that were looked at.
        bare: speak for a missing helmet,
        covered: or clearly against one.
        over: speak for three or more people,
        not_over: or clearly against them.
        first_s: capture time of the first picture that spoke.
        last_s: of the last one.
        seen_s: the track was last there.
        thumb: the last picture, small.
    """

    looks: int = 0
    bare: int = 0
    covered: int = 0
    over: int = 0
    not_over: int = 0
    first_s: float = float("nan")
    last_s: float = float("-inf")
    seen_s: float = 0.0
    thumb: NDArray[np.float32] = field(default_factory=lambda: np.zeros((_THUMB_PX, _THUMB_PX), np.float32))


class RiderVotes:
    """Collects the votes of all motorcycles that one camera sees.

    Args:
        model: the network; it is called in the thread of whoever calls `on_frame`.
        width_px: width of the picture that boxes are given in.
        settings: which pictures may vote.
    """

    def __init__(self, model: Looks, width_px: int, settings: VoteSettings = VoteSettings()) -> None:
        self._model, self._width_px, self._settings = model, width_px, settings
        self._votes: dict[int, Votes] = {}
        self._credit, self._last_s = 1.0, float("nan")

    def of(self, number: int) -> Votes | None:
        """Votes of a track so far; None if it has none."""
        return self._votes.get(number)

    def on_frame(self, image: Image | None, tracks: Tracks) -> None:
        """Lets some of the motorcycles of one frame vote, those with the fewest votes first.

        Args:
            image: ``(h, w, 3)`` uint8 BGR; None where the camera has no pixels: nobody votes.
            tracks: in pixels of the calibrated picture.
        """
        s, now_s = self._settings, tracks.time_s
        if now_s > self._last_s:
            self._credit = min(s.per_second, self._credit + s.per_second * (now_s - self._last_s))
        self._last_s = now_s
        for number in tracks.numbers.tolist():
            if number in self._votes:
                self._votes[number].seen_s = now_s
        for number in [number for number, votes in self._votes.items() if now_s - votes.seen_s > FORGET_S]:
            del self._votes[number]
        if image is None or self._credit < 1.0:
            return
        boxes = tracks.boxes_px.astype(np.float64) * (image.shape[1] / self._width_px)
        for i in self._asked(boxes, image.shape[:2], tracks):
            if self._credit < 1.0:
                break
            votes = self._votes.setdefault(int(tracks.numbers[i]), Votes(seen_s=now_s))
            left, top, right, bottom = boxes[i].round().astype(int).tolist()
            crop = image[top:bottom, left:right]
            grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
            if float(cv2.Laplacian(grey, cv2.CV_64F).var()) < s.sharp:
                continue
            thumb = np.asarray(cv2.resize(grey, (_THUMB_PX, _THUMB_PX), interpolation=cv2.INTER_AREA), np.float32)
            if votes.looks and float(np.abs(thumb - votes.thumb).mean()) < s.change:
                continue
            self._credit -= 1.0
            self._count(votes, thumb, self._model.look([crop])[0], now_s)

    def _asked(self, boxes: NDArray[np.float64], shape: tuple[int, ...], tracks: Tracks) -> list[int]:
        """Rows whose box shows a whole motorcycle, large enough and not hidden, the least known first."""
        s, (height, width) = self._settings, shape
        size = boxes[:, 2:] - boxes[:, :2]
        inside = (boxes[:, :2] > s.margin_px).all(axis=1) & (
            boxes[:, 2:] < [width - s.margin_px, height - s.margin_px]
        ).all(axis=1)
        good = inside & (tracks.classes == _MOTORCYCLE) & (tracks.unseen_s == 0.0) & (tracks.hits >= s.min_hits)
        good &= size[:, 1] >= s.height_px
        rows = []
        for i in good.nonzero()[0].tolist():
            votes = self._votes.get(int(tracks.numbers[i]), Votes())
            if votes.looks < MOST_VOTES and tracks.time_s - votes.last_s >= s.apart_s:
                overlap = np.minimum(boxes[:, 2:], boxes[i, 2:]) - np.maximum(boxes[:, :2], boxes[i, :2])
                covered = np.clip(overlap, 0.0, None).prod(axis=1)
                covered[i] = 0.0
                if covered.sum() <= s.hidden_share * size[i].prod():
                    rows.append((votes.looks, -float(size[i].prod()), i))
        return [i for _, _, i in sorted(rows)]

    def _count(self, votes: Votes, thumb: NDArray[np.float32], answer: NDArray[np.float64], now_s: float) -> None:
        card = self._model.card
        votes.looks, votes.last_s, votes.thumb = votes.looks + 1, now_s, thumb
        if votes.first_s != votes.first_s:
            votes.first_s = now_s
        votes.bare += bool(answer[BARE] >= card.bare_min)
        votes.covered += bool(answer[BARE] <= 1.0 - card.bare_min)
        votes.over += bool(answer[MORE] >= card.over_min)
        votes.not_over += bool(answer[MORE] <= 1.0 - card.over_min)
