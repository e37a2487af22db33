"""The tracker: detections of one camera to road users with an identity, followed in metres on the ground.

Every frame: predict all tracks to the frame's time; pair confirmed tracks with strong detections, then those left with
weak ones; pair candidates with the strong detections that nobody took; the rest of the strong ones become candidates.
Pairing is optimal by likelihood on the ground, where a queue of motorcycles that overlap in the picture stands apart. A
later stage never takes what an earlier one could have had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.kalman import correct, observe, pairing_cost, predict, restrain
from nutgiao.edge.track.occlusion import cut_bottoms, visible_share
from nutgiao.edge.track.prior import VelocityPrior
from nutgiao.edge.track.stature import Stature
from nutgiao.edge.track.tracks import TentativeTracks, Tracks
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.words import CLASSES, TWO_WHEELERS, VehicleClass
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M
from nutgiao.models.vision.assignment import assign_kernel
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import Homography

# Who can be mistaken for whom: a rider for a cyclist, a car for a truck, but no rider for a bus.
_KIND = np.array([0 if c in TWO_WHEELERS else 2 if c is VehicleClass.PEDESTRIAN else 1 for c in CLASSES], np.int8)


_RIM_PX = 3.0


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What a tracker believes.

    Attributes:
        high_score: detections from here up start and confirm tracks.
        low_score: weaker ones from here up only keep confirmed tracks alive.
        gate: largest squared Mahalanobis distance of a pairing; 16 loses 3 of 10,000 true ones.
        miss_cost: what leaving a track without its detection costs: minus twice the logarithm of the density of other
            road users per square metre, less 3.7; 8 stands for one in 340 m2.
        other_kind_cost: added where a rider's track meets a car's box.
        confirm_hits: detections that confirm a candidate.
        candidate_misses: frames in a row without detection that end a candidate.
        coast_s: how long a confirmed track lives on prediction where it could be seen.
        hide_s: how long it lives where nearer vehicles hide it.
        hidden_share: less of it visible is hidden.
        hidden_mps: only who is slower than this is waited for.
        lost_sd_m: a track whose place is known worse than this would take anybody's detection: it ends.
        noise_share: standard error of a box edge as a share of the box's size, on top of the camera's own in pixels.
    """

    high_score: float = 0.4
    low_score: float = 0.15
    gate: float = 16.0
    miss_cost: float = 8.0
    other_kind_cost: float = 6.0
    confirm_hits: int = 3
    candidate_misses: int = 1
    coast_s: float = 2.0
    hide_s: float = 90.0
    hidden_share: float = 0.5
    hidden_mps: float = 2.0
    lost_sd_m: float = 4.0
    noise_share: float = 0.015


class _Pool:
    """Filters side by side: row i of every array is one track."""

    __slots__ = (
        "born_m",
        "born_s",
        "boxes_px",
        "covariance",
        "foot_px",
        "hidden_s",
        "hits",
        "misses",
        "numbers",
        "pointing",
        "scores",
        "seen_s",
        "state",
        "votes",
    )

    def __init__(self) -> None:
        self.numbers = np.zeros(0, np.int64)  # all zero among candidates
        self.state = np.zeros((0, 4))
        self.covariance = np.zeros((0, 4, 4))
        self.pointing = np.zeros((0, 2))
        self.boxes_px = np.zeros((0, 4), np.float32)
        self.foot_px = np.zeros((0, 2))
        self.scores = np.zeros(0, np.float32)
        self.hidden_s = np.zeros(0)  # when it was last known to be hidden
        self.votes = np.zeros((0, len(CLASSES)))
        self.hits = np.zeros(0, np.int64)
        self.misses = np.zeros(0, np.int64)
        self.born_s = np.zeros(0)
        self.born_m = np.zeros((0, 2))
        self.seen_s = np.zeros(0)

    def __len__(self) -> int:
        return len(self.hits)

    def take(self, rows: NDArray[np.bool_]) -> _Pool:
        """The chosen rows as a pool of their own."""
        taken = _Pool()
        for name in self.__slots__:
            setattr(taken, name, getattr(self, name)[rows])
        return taken

    def append(self, other: _Pool) -> None:
        """Adds the rows of another pool below."""
        for name in self.__slots__:
            setattr(self, name, np.concatenate([getattr(self, name), getattr(other, name)]))

    def classes(self) -> NDArray[np.int8]:
        """Class of each track by the sum of its detections' scores."""
        best: NDArray[np.int8] = np.argmax(self.votes, axis=1).astype(np.int8)
        return best


class Tracker:
    """Follows the road users of one camera. Deterministic: the same frames give the same ids.

    Args:
        scope: prefix of every id: node, camera and boot.
        homography: the camera's map to the ground.
        picture_px: width and height of the picture; a track that is predicted to leave it ends at once.
        prior: velocity of a new track, by place.
        noise_px: standard error of a box edge in pixels.
        settings: what it believes.
    """

    def __init__(
        self,
        scope: str,
        homography: Homography,
        picture_px: tuple[int, int],
        prior: VelocityPrior,
        noise_px: float = 2.0,
        settings: TrackerSettings = TrackerSettings(),
    ) -> None:
        self._scope, self._homography, self._picture_px = scope, homography, picture_px
        self._prior, self._noise_px, self._settings = prior, noise_px, settings
        self._confirmed, self._candidates = _Pool(), _Pool()
        self._stature = Stature()
        self._ids: list[str] = []
        self._issued = 0
        self._time_s: float | None = None

    def tentative(self) -> TentativeTracks:
        """The candidates now."""
        return TentativeTracks(self._candidates.state[:, :2].copy(), self._candidates.hits.copy())

    def step(self, time_s: float, detections: Detections) -> Tracks:
        """Takes one frame in.

        Args:
            time_s: capture time; frames may come at any rate and with gaps, but in order.
            detections: boxes of the frame, duplicates already suppressed.

        Returns:
            The confirmed tracks now, coasting ones included.

        Raises:
            ContractError: if the time does not increase.
        """
        if self._time_s is not None:
            if time_s <= self._time_s:
                raise ContractError(f"frame of {time_s} s after that of {self._time_s} s: frames must come in order")
            dt_s = time_s - self._time_s
            codes = self._confirmed.classes()
            length, width = LENGTH_BY_CODE_M[codes], WIDTH_BY_CODE_M[codes]
            restrain(self._confirmed.state, self._confirmed.pointing, self._confirmed.misses, length, width)
            for pool in (self._confirmed, self._candidates):
                predict(dt_s, pool.state, pool.covariance, pool.pointing, pool.misses)
        self._time_s = time_s
        s = self._settings
        boxes = np.array(detections.boxes_px, np.float32, order="C")  # kernels refuse read-only arrays
        ground, covariance = self._observe(boxes, detections.classes)
        visible = np.isfinite(ground[:, 0]) & self._off_rim(boxes)
        free = visible & (detections.scores >= s.high_score)
        weak = visible & ~free & (detections.scores >= s.low_score)
        seen = np.zeros(len(self._confirmed), np.bool_)
        for offered in (free, weak):
            taken = self._pair(self._confirmed, ~seen, offered, time_s, detections, boxes, ground, covariance)
            seen |= taken >= 0
            free[taken[taken >= 0]] = False
        self._confirmed.misses[~seen] += 1
        rows = np.ones(len(self._candidates), np.bool_)
        taken = self._pair(self._candidates, rows, free, time_s, detections, boxes, ground, covariance)
        free[taken[taken >= 0]] = False
        self._candidates.misses[taken < 0] += 1
        self._end(time_s, boxes)
        self._confirm()
        self._found(time_s, np.flatnonzero(free), detections, boxes, ground, covariance)
        return self._tracks(time_s)

    def _pair(
        self,
        pool: _Pool,
        rows: NDArray[np.bool_],
        columns: NDArray[np.bool_],
        time_s: float,
        detections: Detections,
        boxes: NDArray[np.float32],
        ground: NDArray[np.float64],
        covariance: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Pairs some tracks of a pool with some detections and updates them; returns the detection of each or -1."""
        s = self._settings
        taken = np.full(len(pool), -1, np.int64)
        i, j = np.flatnonzero(rows), np.flatnonzero(columns)
        if not len(i) or not len(j):
            return taken
        cost = np.empty((len(i), len(j)))
        column_of = np.empty(len(i), np.int64)
        kinds, detected = _KIND[pool.classes()[i]], _KIND[detections.classes[j]]
        pairing_cost(
            pool.state[i],
            pool.covariance[i],
            kinds,
            ground[j],
            covariance[j],
            detected,
            s.gate,
            s.other_kind_cost,
            cost,
        )
        assign_kernel(cost, s.miss_cost, column_of)
        paired = column_of >= 0
        taken[i[paired]] = j[column_of[paired]]
        correct(taken, ground, covariance, pool.state, pool.covariance)
        t, d = i[paired], taken[i[paired]]
        pool.boxes_px[t], pool.scores[t] = boxes[d], detections.scores[d]
        pool.foot_px[t] = np.column_stack([0.5 * (boxes[d, 0] + boxes[d, 2]), boxes[d, 3]])
        pool.votes[t, detections.classes[d]] += detections.scores[d]
        pool.hits[t] += 1
        pool.misses[t] = 0
        pool.seen_s[t] = time_s
        return taken

    def _observe(
        self, boxes: NDArray[np.float32], classes: NDArray[np.int8]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Places the boxes on the ground, and learns from whole ones how tall their class stands."""
        n = len(boxes)
        cut = np.empty(n, np.bool_)
        cut_bottoms(boxes, cut)
        ground, covariance, seen = np.empty((n, 2)), np.empty((n, 3)), np.empty(n)
        length, stature = LENGTH_BY_CODE_M[classes], self._stature.share[classes]
        noise = (self._noise_px, self._settings.noise_share)
        observe(boxes, cut, stature, length, self._homography.to_ground, *noise, ground, covariance, seen)
        self._stature.learn(classes, seen)
        return ground, covariance

    def _off_rim(self, boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
        """``(n,)`` boxes that the rim of the picture does not cut: a cut one tells no place."""
        width, height = self._picture_px
        return (boxes[:, 0] > _RIM_PX) & (boxes[:, 2] < width - _RIM_PX) & (boxes[:, 3] < height - _RIM_PX)

    def _end(self, time_s: float, boxes: NDArray[np.float32]) -> None:
        """Ends tracks that could be seen and were not for too long, and those that have left the picture."""
        s = self._settings
        pool = self._confirmed
        unseen = np.flatnonzero(pool.misses)
        if len(unseen):
            self._follow_boxes(unseen)
            width, height = self._picture_px
            share = np.empty(len(unseen))
            # what was detected hides, and so does who is hidden by that; a track that should be seen hides nobody
            waiting = pool.boxes_px[unseen]
            visible_share(waiting, boxes, float(width), float(height), share)
            nearer = np.concatenate([boxes, waiting[share < s.hidden_share]])
            visible_share(waiting, nearer, float(width), float(height), share)
            speed = np.hypot(pool.state[unseen, 2], pool.state[unseen, 3])
            hidden = (share < s.hidden_share) & (speed < s.hidden_mps)
            open_s = time_s - np.maximum(pool.seen_s[unseen], pool.hidden_s[unseen])
            pool.hidden_s[unseen[hidden]] = time_s
            alive = np.ones(len(pool), np.bool_)
            alive[unseen] = np.where(hidden, time_s - pool.seen_s[unseen] <= s.hide_s, open_s <= s.coast_s)
            alive[unseen] &= self._off_rim(pool.boxes_px[unseen])
            spread = pool.covariance[unseen, 0, 0] + pool.covariance[unseen, 1, 1]
            alive[unseen] &= spread <= s.lost_sd_m**2
            if not alive.all():
                self._confirmed = pool.take(alive)
                self._ids = [name for name, lives in zip(self._ids, alive, strict=True) if lives]
        hopeful = self._candidates.misses <= s.candidate_misses
        if not hopeful.all():
            self._candidates = self._candidates.take(hopeful)

    def _follow_boxes(self, rows: NDArray[np.intp]) -> None:
        """Moves the boxes of unseen tracks to where they should be now, growing as they come nearer."""
        pool, h = self._confirmed, self._homography.to_ground
        uv = self._homography.image(pool.state[rows, :2])
        box = pool.boxes_px[rows].astype(np.float64)
        horizon = -(h[2, 0] * uv[:, 0] + h[2, 2]) / h[2, 1]
        scale = (uv[:, 1] - horizon) / np.maximum(pool.foot_px[rows, 1] - horizon, 1.0)
        size = (box[:, 2:] - box[:, :2]) * scale[:, None]
        moved = np.column_stack([uv[:, 0] - size[:, 0] / 2, uv[:, 1] - size[:, 1], uv[:, 0] + size[:, 0] / 2, uv[:, 1]])
        good = np.isfinite(moved).all(axis=1)
        pool.boxes_px[rows[good]] = moved[good]
        pool.foot_px[rows[good]] = uv[good]

    def _confirm(self) -> None:
        """Gives candidates with enough detections an id."""
        ready = self._candidates.hits >= self._settings.confirm_hits
        if not ready.any():
            return
        new = self._candidates.take(ready)
        self._candidates = self._candidates.take(~ready)
        new.numbers[:] = self._issued + 1 + np.arange(len(new))
        self._issued += len(new)
        self._ids += [f"{self._scope}-{number}" for number in new.numbers]
        self._confirmed.append(new)

    def _found(
        self,
        time_s: float,
        rows: NDArray[np.intp],
        detections: Detections,
        boxes: NDArray[np.float32],
        ground: NDArray[np.float64],
        covariance: NDArray[np.float64],
    ) -> None:
        """Starts a candidate for each strong detection that is left."""
        n = len(rows)
        if not n:
            return
        mean, pointing, variance = self._prior(ground[rows])
        new = _Pool()
        new.numbers = np.zeros(n, np.int64)
        new.state = np.hstack([ground[rows], mean])
        new.covariance = np.zeros((n, 4, 4))
        new.covariance[:, 0, 0], new.covariance[:, 1, 1] = covariance[rows, 0], covariance[rows, 2]
        new.covariance[:, 0, 1] = new.covariance[:, 1, 0] = covariance[rows, 1]
        along, across = variance[:, 0], variance[:, 1]
        px, py = pointing[:, 0], pointing[:, 1]
        new.covariance[:, 2, 2] = along * px**2 + across * py**2
        new.covariance[:, 3, 3] = along * py**2 + across * px**2
        new.covariance[:, 2, 3] = new.covariance[:, 3, 2] = (along - across) * px * py
        new.pointing = pointing.copy()
        new.boxes_px, new.scores = boxes[rows].copy(), detections.scores[rows].copy()
        new.foot_px = np.column_stack([0.5 * (boxes[rows, 0] + boxes[rows, 2]), boxes[rows, 3]]).astype(np.float64)
        new.hidden_s = np.full(n, -np.inf)
        new.votes = np.zeros((n, len(CLASSES)))
        new.votes[np.arange(n), detections.classes[rows]] = detections.scores[rows]
        new.hits, new.misses = np.ones(n, np.int64), np.zeros(n, np.int64)
        new.born_m = ground[rows].copy()
        new.born_s, new.seen_s = np.full(n, time_s), np.full(n, time_s)
        self._candidates.append(new)

    def _tracks(self, time_s: float) -> Tracks:
        """A copy of the confirmed tracks for the outside."""
        pool = self._confirmed
        return Tracks(
            time_s=time_s,
            ids=tuple(self._ids),
            numbers=pool.numbers.copy(),
            ground_m=pool.state[:, :2].copy(),
            velocity_mps=pool.state[:, 2:].copy(),
            covariance=pool.covariance.copy(),
            classes=pool.classes(),
            boxes_px=pool.boxes_px.copy(),
            scores=pool.scores.copy(),
            hits=pool.hits.copy(),
            born_s=pool.born_s.copy(),
            born_m=pool.born_m.copy(),
            unseen_s=np.where(pool.misses > 0, time_s - pool.seen_s, 0.0),
        )
