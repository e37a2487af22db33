"""The tracker: detections of one camera to road users with an identity, followed in metres on the ground.

Every frame: predict all tracks to the frame's time; pair confirmed tracks with strong detections, then those left with
weak ones, then those left by how far their boxes overlap in the picture; pair candidates with the strong detections
that nobody took; the rest of the strong ones become candidates.
Pairing is optimal by likelihood on the ground, where a queue of motorcycles that overlap in the picture stands apart. A
later stage never takes what an earlier one could have had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.kalman import correct, predict, restrain
from nutgiao.edge.track.occlusion import coast, cut_bottoms, off_rim
from nutgiao.edge.track.pairing import STRONG, WEAK, grade, overlap_cost, pairing_cost, renew
from nutgiao.edge.track.pool import Pool
from nutgiao.edge.track.prior import VelocityPrior
from nutgiao.edge.track.settings import TrackerSettings
from nutgiao.edge.track.sighting import observe
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


@dataclass(frozen=True, slots=True)
class _Sightings:
    """Detections of one frame with their places, ``(m, ...)`` each, for kernels: they refuse read-only arrays."""

    boxes_px: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int8]
    ground_m: NDArray[np.float64]
    covariance: NDArray[np.float64]
    grades: NDArray[np.int8]  # of what is still on offer


class Tracker:
    """Follows the road users of one camera. Deterministic: the same frames give the same ids.

    Args:
        scope: prefix of every id: node, camera and boot.
        homography: the camera's map to the ground.
        picture_px: width and height of the picture; a track that is predicted to leave it ends at once.
        prior: velocity of a new track, by place.
        noise_px: standard error of a box edge in pixels.
        settings: what it believes; None for the defaults.
    """

    def __init__(
        self,
        scope: str,
        homography: Homography,
        picture_px: tuple[int, int],
        prior: VelocityPrior,
        noise_px: float = 2.0,
        settings: TrackerSettings | None = None,
    ) -> None:
        self._scope, self._homography, self._picture_px = scope, homography, picture_px
        self._prior, self._noise_px, self._settings = prior, noise_px, settings or TrackerSettings()
        self._confirmed, self._candidates = Pool(), Pool()
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
            pool = self._confirmed
            length, width = LENGTH_BY_CODE_M.take(pool.classes), WIDTH_BY_CODE_M.take(pool.classes)
            restrain(pool.state, pool.pointing, pool.misses, length, width)
            for pool in (self._confirmed, self._candidates):
                turning = ~self._prior.on_approach(pool.state[:, :2].copy())
                predict(dt_s, turning, pool.state, pool.covariance, pool.pointing, pool.misses)
                pool.misses += 1  # until a detection is found
        self._time_s = time_s
        seen = self._observe(detections)
        self._pair(self._confirmed, time_s, seen, STRONG)
        self._pair(self._confirmed, time_s, seen, WEAK)
        self._pair_in_picture(self._confirmed, time_s, seen)
        self._pair(self._candidates, time_s, seen, STRONG)
        self._end(time_s, seen.boxes_px)
        self._confirm()
        self._found(time_s, seen)
        return self._tracks(time_s)

    def _observe(self, detections: Detections) -> _Sightings:
        """Places the boxes on the ground, and learns from whole ones how tall their class stands."""
        n, s = len(detections), self._settings
        boxes = np.array(detections.boxes_px, np.float32, order="C")
        scores, classes = np.array(detections.scores, np.float32), np.array(detections.classes, np.int8)
        cut, whole, grades = np.empty(n, np.bool_), np.empty(n, np.bool_), np.empty(n, np.int8)
        ground, covariance, stature = np.empty((n, 2)), np.empty((n, 3)), np.empty(n)
        cut_bottoms(boxes, cut)
        known, lengths, to_ground = self._stature.share, LENGTH_BY_CODE_M, self._homography.to_ground
        noise = (self._noise_px, s.noise_share)
        observe(boxes, classes, cut, known, lengths, to_ground, *noise, ground, covariance, stature)
        self._stature.learn(classes, stature)
        off_rim(boxes, *self._picture_px, whole)
        grade(scores, ground, whole, s.low_score, s.high_score, grades)
        return _Sightings(boxes, scores, classes, ground, covariance, grades)

    def _pair(self, pool: Pool, time_s: float, seen: _Sightings, offered: int) -> None:
        """Pairs the tracks of a pool that wait for a detection with those of one grade, and updates them."""
        s, cost = self._settings, np.empty((len(pool), len(seen.grades)))
        possible = pairing_cost(
            pool.state,
            pool.covariance,
            _KIND.take(pool.classes),
            pool.misses,
            seen.ground_m,
            seen.covariance,
            _KIND.take(seen.classes),
            seen.grades,
            offered,
            s.gate,
            s.other_kind_cost,
            cost,
        )
        if not possible:
            return
        self._take(pool, time_s, seen, cost, s.miss_cost)

    def _pair_in_picture(self, pool: Pool, time_s: float, seen: _Sightings) -> None:
        """Pairs who is still without a detection by how far boxes overlap in the picture.

        Who is partly hidden, or brakes hard at two frames a second, is not where the ground says, but still there in
        the picture.
        """
        s, cost = self._settings, np.empty((len(pool), len(seen.grades)))
        possible = overlap_cost(
            pool.state,
            self._homography.to_ground,
            self._homography.to_image,
            pool.boxes_px,
            pool.foot_px,
            _KIND.take(pool.classes),
            pool.misses,
            seen.boxes_px,
            _KIND.take(seen.classes),
            seen.grades,
            STRONG,
            s.least_overlap,
            cost,
        )
        if possible:
            self._take(pool, time_s, seen, cost, 1.0)

    def _take(self, pool: Pool, time_s: float, seen: _Sightings, cost: NDArray[np.float64], miss_cost: float) -> None:
        """Gives each track its cheapest detection, and updates it by that."""
        taken = np.empty(len(pool), np.int64)
        assign_kernel(cost, miss_cost, taken)
        correct(taken, seen.ground_m, seen.covariance, pool.state, pool.covariance)
        renew(
            taken,
            time_s,
            seen.boxes_px,
            seen.scores,
            seen.classes,
            seen.grades,
            pool.boxes_px,
            pool.foot_px,
            pool.scores,
            pool.votes,
            pool.classes,
            pool.hits,
            pool.misses,
            pool.seen_s,
        )

    def _end(self, time_s: float, boxes: NDArray[np.float32]) -> None:
        """Ends tracks that could be seen and were not for too long, and those that have left the picture."""
        s, pool = self._settings, self._confirmed
        alive = np.empty(len(pool), np.bool_)
        ended = coast(
            time_s,
            boxes,
            *self._picture_px,
            self._homography.to_ground,
            self._homography.to_image,
            s.hidden_share,
            s.hidden_mps,
            s.hide_s,
            s.coast_s,
            s.lost_sd_m,
            pool.state,
            pool.covariance,
            pool.misses,
            pool.seen_s,
            pool.boxes_px,
            pool.foot_px,
            pool.hidden_s,
            alive,
        )
        if ended:
            self._confirmed = pool.take(alive)
            self._ids = [name for name, lives in zip(self._ids, alive.tolist(), strict=True) if lives]
        hopeful = self._candidates.misses <= s.candidate_misses
        if not hopeful.all():
            self._candidates = self._candidates.take(hopeful)

    def _confirm(self) -> None:
        """Gives candidates with enough detections an id."""
        ready = self._candidates.hits >= self._settings.confirm_hits
        if not ready.any():
            return
        new = self._candidates.take(ready)
        self._candidates = self._candidates.take(~ready)
        new.numbers = self._issued + 1 + np.arange(len(new))
        self._issued += len(new)
        self._ids += [f"{self._scope}-{number}" for number in new.numbers.tolist()]
        self._confirmed.append(new)

    def _found(self, time_s: float, seen: _Sightings) -> None:
        """Starts a candidate for each strong detection that is left."""
        rows = (seen.grades == STRONG).nonzero()[0]
        n = len(rows)
        if not n:
            return
        new = Pool()
        new.born_m, covariance = seen.ground_m.take(rows, axis=0), seen.covariance.take(rows, axis=0)
        mean, new.pointing, variance = self._prior(new.born_m)
        new.numbers = np.zeros(n, np.int64)
        new.state = np.concatenate((new.born_m, mean), axis=1)
        new.covariance = np.zeros((n, 4, 4))
        new.covariance[:, 0, 0], new.covariance[:, 1, 1] = covariance[:, 0], covariance[:, 2]
        new.covariance[:, 0, 1] = new.covariance[:, 1, 0] = covariance[:, 1]
        along, across = variance[:, 0], variance[:, 1]
        px, py = new.pointing[:, 0], new.pointing[:, 1]
        new.covariance[:, 2, 2] = along * px**2 + across * py**2
        new.covariance[:, 3, 3] = along * py**2 + across * px**2
        new.covariance[:, 2, 3] = new.covariance[:, 3, 2] = (along - across) * px * py
        new.boxes_px, new.scores = seen.boxes_px.take(rows, axis=0), seen.scores.take(rows)
        new.foot_px = np.empty((n, 2))
        new.foot_px[:, 0] = 0.5 * (new.boxes_px[:, 0] + new.boxes_px[:, 2])
        new.foot_px[:, 1] = new.boxes_px[:, 3]
        new.hidden_s = np.full(n, -np.inf)
        new.classes, new.votes = seen.classes.take(rows), np.zeros((n, len(CLASSES)))
        new.votes[np.arange(n), new.classes] = new.scores
        new.hits, new.misses = np.ones(n, np.int64), np.zeros(n, np.int64)
        new.born_s, new.seen_s = np.full(n, time_s), np.full(n, time_s)
        self._candidates.append(new)

    def _tracks(self, time_s: float) -> Tracks:
        """The confirmed tracks for the outside: copies of what the next frame changes in place."""
        pool = self._confirmed
        return Tracks(
            time_s=time_s,
            ids=tuple(self._ids),
            numbers=pool.numbers,
            ground_m=pool.state[:, :2].copy(),
            velocity_mps=pool.state[:, 2:].copy(),
            covariance=pool.covariance.copy(),
            classes=pool.classes.copy(),
            boxes_px=pool.boxes_px.copy(),
            scores=pool.scores.copy(),
            hits=pool.hits.copy(),
            born_s=pool.born_s,
            born_m=pool.born_m,
            unseen_s=time_s - pool.seen_s,
        )
