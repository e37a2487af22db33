"""The tracker for cameras without a map to the ground: road users with an identity, followed in the picture.

Two stages of pairing by the overlap of boxes, first with strong detections, then with weak ones, as in ByteTrack (Zhang
et al. 2022); boxes are compared with a margin, as in C-BIoU (Yang et al. 2023). Where the site has been calibrated, use
`nutgiao.edge.track.tracker`: on the ground a dense queue stands apart that overlaps here.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.picture_frame import BORN_S, CHANGED, CONFIRMED, ROWS, SEEN_S, follow
from nutgiao.edge.track.settings import PictureSettings
from nutgiao.edge.track.tracks import TentativeTracks, Tracks
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.words import CLASSES
from nutgiao.models.vision.detections import Detections


class PictureTracker:
    """Follows the road users of one camera in its picture. Deterministic: the same frames give the same ids.

    What it gives has no place on the ground: those figures are NaN.

    Args:
        scope: prefix of every id: node, camera and boot.
        picture_px: width and height of the picture; a track that is predicted to leave it ends.
        settings: what it believes; None for the defaults.
    """

    def __init__(self, scope: str, picture_px: tuple[int, int], settings: PictureSettings | None = None) -> None:
        self._scope, self._picture_px = scope, (float(picture_px[0]), float(picture_px[1]))
        self._settings = np.array(astuple(settings or PictureSettings()))
        self._columns = _table(64)
        self._counts = np.zeros(4, np.int64)
        self._rename(0)
        self._time_s: float | None = None
        self._zero_s = 0.0

    def tentative(self) -> TentativeTracks:
        """The candidates now."""
        first, last = int(self._counts[CONFIRMED]), int(self._counts[ROWS])
        return TentativeTracks(np.full((last - first, 2), np.nan), self._columns[-1][first:last, 1].copy())

    def step(self, time_s: float, detections: Detections) -> Tracks:
        """Takes one frame in.

        Args:
            time_s: capture time; frames may come at any rate and with gaps, but in order.
            detections: boxes of the frame.

        Returns:
            The confirmed tracks now, coasting ones included.

        Raises:
            ContractError: if the time does not increase.
        """
        if self._time_s is None:
            self._zero_s = self._time_s = time_s
        elif time_s <= self._time_s:
            raise ContractError(f"frame of {time_s} s after that of {self._time_s} s: frames must come in order")
        last_s, self._time_s = self._time_s, time_s
        m, used = len(detections), int(self._counts[ROWS])
        if used + m >= len(self._columns[-1]):  # one row stays free
            self._columns = tuple(
                np.concatenate((old[:used], fresh[used:]))
                for old, fresh in zip(self._columns, _table(2 * (used + m)), strict=True)
            )
        rest: tuple[Any, ...] = (*self._picture_px, *self._columns, self._counts)
        follow(
            time_s - self._zero_s,
            last_s - self._zero_s,
            np.array(detections.boxes_px, np.float32, order="C"),  # kernels refuse read-only arrays
            np.array(detections.scores, np.float32),
            np.array(detections.classes, np.int8),
            self._settings,
            *rest,
        )
        n = int(self._counts[CONFIRMED])
        if self._counts[CHANGED]:
            self._rename(n)
        _, _, times, _, boxes_px, _, scores, classes, wholes = self._columns
        nowhere, spread = self._nowhere
        return Tracks(
            time_s=time_s,
            ids=self._ids,
            numbers=self._numbers,
            ground_m=nowhere,
            velocity_mps=nowhere,
            covariance=spread,
            classes=classes[:n].copy(),
            boxes_px=boxes_px[:n].copy(),
            scores=scores[:n].copy(),
            hits=wholes[:n, 1].copy(),
            born_s=times[:n, BORN_S] + self._zero_s,
            born_m=nowhere,
            unseen_s=(time_s - self._zero_s) - times[:n, SEEN_S],
        )

    def _rename(self, n: int) -> None:
        """Brings the ids up to date with the numbers."""
        self._numbers = self._columns[-1][:n, 0].copy()
        self._ids = tuple([f"{self._scope}-{number}" for number in self._numbers.tolist()])
        self._nowhere = np.full((n, 2), np.nan), np.full((n, 4, 4), np.nan)
        for unknown in (self._numbers, *self._nowhere):
            unknown.flags.writeable = False  # every frame until the next change shares them


def _table(rows: int) -> tuple[NDArray[Any], ...]:
    """An empty table of tracks; its columns are told at `nutgiao.edge.track.picture_frame.follow`."""
    return (
        np.zeros((rows, 4, 2)),
        np.zeros((rows, 4, 3)),
        np.zeros((rows, 3)),
        np.zeros((rows, len(CLASSES))),
        np.zeros((rows, 4), np.float32),
        np.zeros((rows, 4), np.float32),
        np.zeros(rows, np.float32),
        np.zeros(rows, np.int8),
        np.zeros((rows, 3), np.int64),
    )
