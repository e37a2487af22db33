"""Tracks in the frame of their approach: who belongs to it, in which lane, and when each front crossed the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.homography import Homography

Floats = NDArray[np.float64]

_ENTER_M = 0.5  # a front this far upstream has not crossed yet; between here and the line jitter decides nothing
_BESIDE_M = 3.0  # a member that strays further than this beside the carriageway, upstream of the line, has left it
_JOIN_M = 20.0  # a track that is confirmed only beyond the line still joins here; well before _GONE_M, so that nobody
# who has left comes back by jitter and is told of twice
_GONE_M = 35.0  # a member so far beyond the line has left the junction
_BORN_AHEAD_MPS = 1.5  # a new track ahead of the line belongs to the approach only if it stands in the crowd there


@dataclass(frozen=True, slots=True)
class PlacedTracks:
    """Confirmed tracks of one approach in one frame; pedestrians are left out.

    Attributes:
        time_s: capture time.
        ids: ``n`` ids.
        numbers: ``(n,)`` number of each within its camera, ascending.
        x_m: ``(n,)`` front bumper, metres upstream of the stop line; negative beyond it.
        y_m: ``(n,)`` from the kerb.
        speed_mps: ``(n,)`` along the way of the approach; negative is the wrong way.
        sideways_mps: ``(n,)`` to the left.
        sd_m: ``(n,)`` standard error of x.
        lanes: ``(n,)`` int64, index of the lane from the kerb.
        classes: ``(n,)`` int8, index into CLASSES.
        hits: ``(n,)`` detections so far.
        unseen_s: ``(n,)`` seconds since the last one.
        born_x_m: ``(n,)`` x of the first detection.
        crossed_s: ``(n,)`` when the front last crossed the line downstream, interpolated; NaN if it was not seen to.
        crossed_mps: ``(n,)`` speed then.
        crossed_sd_s: ``(n,)`` standard error of that time.
        crossed_unseen_s: ``(n,)`` for how long the track had coasted then.
        boxes_px: ``(n, 4)``.
        scores: ``(n,)`` of the last detection.
    """

    time_s: float
    ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    x_m: Floats
    y_m: Floats
    speed_mps: Floats
    sideways_mps: Floats
    sd_m: Floats
    lanes: NDArray[np.int64]
    classes: NDArray[np.int8]
    hits: NDArray[np.int64]
    unseen_s: Floats
    born_x_m: Floats
    crossed_s: Floats
    crossed_mps: Floats
    crossed_sd_s: Floats
    crossed_unseen_s: Floats
    boxes_px: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.numbers)


class Placement:
    """Places the tracks of a camera on one of its approaches, frame after frame.

    Args:
        approach: as the site file describes it.
        camera: the camera that watches it.
        homography: the camera's map.
    """

    def __init__(self, approach: Approach, camera: Camera, homography: Homography) -> None:
        self.frame = ApproachFrame(approach)
        self._conflict_m, self._far_m = approach.stop_line.conflict_m, camera.view_m[1]
        self._homography = homography
        self._memory = TrackMemory(
            member=False,
            lane=-1,
            born_x=np.nan,
            t=np.nan,
            x=np.nan,
            v=np.nan,
            upstream=False,
            crossed_s=np.nan,
            crossed_v=np.nan,
            crossed_sd=np.nan,
            crossed_unseen=np.nan,
        )

    def step(self, tracks: Tracks) -> PlacedTracks:
        """Places one frame's tracks.

        Args:
            tracks: confirmed tracks of the camera.

        Returns:
            Those on this approach.
        """
        self._memory.follow(tracks.numbers)
        m = self._memory.rows
        frame = self.frame
        foot_px = self._homography.image(tracks.ground_m)
        x, y = frame.front(tracks.ground_m, self._homography.towards_camera(foot_px), tracks.classes)
        speed, sideways = tracks.velocity_mps @ frame.way, tracks.velocity_mps @ frame.left
        fresh = np.isnan(m["t"])
        # a candidate may have crossed the line before it was confirmed: its first detection stands for the frame before
        born_x = frame.place(tracks.born_m)[0] + x - frame.place(tracks.ground_m)[0]
        m["t"], m["x"] = np.where(fresh, tracks.born_s, m["t"]), np.where(fresh, born_x, m["x"])
        m["v"] = np.where(fresh, speed, m["v"])
        m["born_x"] = np.where(fresh, born_x, m["born_x"])
        m["upstream"] |= fresh & (born_x > 0.0)
        self._join(m, tracks, x, y, speed, sideways)
        way = frame.way
        sd = np.sqrt(np.einsum("nij,i,j->n", tracks.covariance[:, :2, :2], way, way))
        upstream = x >= 0.0
        m["lane"] = np.where(upstream | (m["lane"] < 0), frame.lane_of(y, m["lane"]), m["lane"])
        self._cross(m, tracks, x, speed, sd)
        m["t"], m["x"], m["v"] = tracks.time_s, x, speed
        rows = np.flatnonzero(m["member"] & (tracks.classes != CLASS_CODE[VehicleClass.PEDESTRIAN]))
        return PlacedTracks(
            time_s=tracks.time_s,
            ids=tuple(tracks.ids[i] for i in rows),
            numbers=tracks.numbers[rows],
            x_m=x[rows],
            y_m=y[rows],
            speed_mps=speed[rows],
            sideways_mps=sideways[rows],
            sd_m=sd[rows],
            lanes=m["lane"][rows],
            classes=tracks.classes[rows],
            hits=tracks.hits[rows],
            unseen_s=tracks.unseen_s[rows],
            born_x_m=m["born_x"][rows],
            crossed_s=m["crossed_s"][rows],
            crossed_mps=m["crossed_v"][rows],
            crossed_sd_s=m["crossed_sd"][rows],
            crossed_unseen_s=m["crossed_unseen"][rows],
            boxes_px=tracks.boxes_px[rows],
            scores=tracks.scores[rows],
        )

    def _join(self, m: NDArray[np.void], tracks: Tracks, x: Floats, y: Floats, speed: Floats, sideways: Floats) -> None:
        """Decides who belongs to the approach."""
        on_road = self.frame.on_carriageway(y)
        stands = (np.abs(speed) < _BORN_AHEAD_MPS) & (np.abs(sideways) < _BORN_AHEAD_MPS)
        joins = (
            on_road
            & (x <= self._far_m + 20.0)
            & (x > -_JOIN_M)
            & ((np.maximum(x, m["born_x"]) > 0.0) | ((x > -self._conflict_m) & stands))
        )
        beside = (y < -_BESIDE_M) | (y > self.frame.width_m + _BESIDE_M)
        stays = m["member"] & (x > -_GONE_M) & ~(beside & (x > 0.0))
        member = stays | (joins & ~m["member"])
        m["member"] = member

    @staticmethod
    def _cross(m: NDArray[np.void], tracks: Tracks, x: Floats, speed: Floats, sd: Floats) -> None:
        """Notes the crossing of the line; going back upstream by more than jitter takes it back."""
        m["upstream"] |= x > _ENTER_M
        back = (x > _ENTER_M) & ~np.isnan(m["crossed_s"])
        m["crossed_s"][back] = np.nan
        for i in np.flatnonzero(m["upstream"] & (x < 0.0)):
            crossed_s, crossed_mps = _interpolate(m["t"][i], m["x"][i], m["v"][i], tracks.time_s, x[i], speed[i])
            m["crossed_s"][i], m["crossed_v"][i] = crossed_s, crossed_mps
            m["crossed_sd"][i] = sd[i] / max(crossed_mps, 0.5)
            m["crossed_unseen"][i] = tracks.unseen_s[i]
            m["upstream"][i] = False


def _interpolate(t0: float, x0: float, v0: float, t1: float, x1: float, v1: float) -> tuple[float, float]:
    """When and how fast the front passed x = 0 between two frames: root of the cubic through both states.

    Args:
        t0: earlier time.
        x0: place then, not negative.
        v0: downstream speed then.
        t1: later time.
        x1: place then, negative.
        v1: downstream speed then.

    Returns:
        Time and mean speed of the step at the crossing.
    """
    dt = t1 - t0
    low, high = 0.0, 1.0
    for _ in range(30):
        s = 0.5 * (low + high)
        # cubic Hermite; dx/dt is minus the downstream speed
        x = (
            (1 + 2 * s) * (1 - s) ** 2 * x0
            - s * (1 - s) ** 2 * dt * v0
            + s * s * (3 - 2 * s) * x1
            - s * s * (s - 1) * dt * v1
        )
        if x >= 0.0:
            low = s
        else:
            high = s
    return t0 + low * dt, max((1 - low) * v0 + low * v1, 0.0)
