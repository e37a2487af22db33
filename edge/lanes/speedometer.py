"""Speeds with an interval for those who are told one by one, from the last frames in which their boxes were whole."""

from __future__ import annotations

from collections import deque

import numpy as np

from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.vision.calibration import Calibration
from nutgiao.models.vision.speed import SpeedInterval, speed_interval

WINDOW_S = 1.0
"""So long before and after the instant frames count: in two seconds acceleration changes about evenly."""

_KEPT_S = 2.5  # a crossing is told up to a second late
_CUT = 3.0  # a lower edge so many standard errors from the filtered place is hidden by somebody


class Speedometer:
    """Remembers the tracks of a camera for a few seconds.

    Args:
        calibration: the camera's map with its error.
        noise_px: standard error of a box edge that does not depend on size, pixels.
        noise_share: standard error of a box edge as a share of the box's size, added to it.
    """

    def __init__(self, calibration: Calibration, noise_px: float, noise_share: float) -> None:
        self._calibration, self._noise_px, self._noise_share = calibration, noise_px, noise_share
        self._frames: deque[Tracks] = deque()

    def add(self, tracks: Tracks) -> None:
        """Takes in one frame."""
        self._frames.append(tracks)
        while self._frames[0].time_s < tracks.time_s - _KEPT_S:
            self._frames.popleft()

    def at(self, track: str, time_s: float) -> SpeedInterval | None:
        """Speed of a track at an instant.

        Args:
            track: its id.
            time_s: the instant, not long ago.

        Returns:
            The speed; None if it was hardly seen around then.
        """
        times, boxes, places = [], [], []
        for frame in self._frames:
            if abs(frame.time_s - time_s) > WINDOW_S or track not in frame.ids:
                continue
            i = frame.ids.index(track)
            if frame.unseen_s[i] == 0.0:
                times.append(frame.time_s)
                boxes.append(frame.boxes_px[i])
                places.append(frame.ground_m[i])
        if not times:
            return None
        seen = np.array(boxes, np.float64)
        feet = np.column_stack([(seen[:, 0] + seen[:, 2]) / 2.0, seen[:, 3]])
        size = seen[:, 2:] - seen[:, :2]
        sd = (self._noise_px + self._noise_share * size) * np.array([0.7, 1.0])  # the middle is the mean of two edges
        believed = self._calibration.homography.image(np.array(places))
        whole = np.abs(feet[:, 1] - believed[:, 1]) <= _CUT * sd[:, 1]
        return speed_interval(np.array(times)[whole], feet[whole], sd[whole], self._calibration, time_s)
