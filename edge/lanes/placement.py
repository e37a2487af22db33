"""Who belongs to an approach, in which lane, and when each front crossed the line, frame after frame."""

from __future__ import annotations

import numpy as np

from nutgiao.edge.lanes.geometry import KERB_MARGIN_M, ApproachFrame, fronts
from nutgiao.edge.lanes.membership import (
    AT_MPS,
    AT_S,
    AT_SD,
    AT_UNSEEN,
    BORN,
    SD,
    SIDEWAYS,
    SPEED,
    X_M,
    Y_M,
    place,
)
from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.track.tracks import Tracks
from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.queueing.mcu import LENGTH_BY_CODE_M, WIDTH_BY_CODE_M
from nutgiao.models.vision.homography import Homography

_PEDESTRIAN = CLASS_CODE[VehicleClass.PEDESTRIAN]


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
        self._length_m = approach.length_m
        self._homography = homography
        self._memory = TrackMemory(
            member=0.0,
            lane=-1.0,
            born_x=np.nan,
            t=np.nan,
            x=np.nan,
            v=np.nan,
            upstream=0.0,
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
        n, frame = len(tracks), self.frame
        figures, lanes, here = np.empty((10, n)), np.empty(n, np.int64), np.empty(n, np.bool_)
        to_ground, to_image = self._homography.to_ground, self._homography.to_image
        fronts(
            tracks.ground_m,
            LENGTH_BY_CODE_M.take(tracks.classes),
            WIDTH_BY_CODE_M.take(tracks.classes),
            frame.origin,
            frame.way,
            to_ground,
            to_image,
            figures[X_M],
            figures[Y_M],
        )
        place(
            tracks.time_s,
            tracks.ground_m,
            tracks.velocity_mps,
            tracks.covariance,
            tracks.classes,
            tracks.born_s,
            tracks.born_m,
            tracks.unseen_s,
            frame.way,
            frame.edges_m,
            self._conflict_m,
            self._far_m,
            self._length_m,
            KERB_MARGIN_M,
            _PEDESTRIAN,
            self._memory.rows,
            figures,
            lanes,
            here,
        )
        rows = here.nonzero()[0]
        figures = figures.take(rows, axis=1)
        return PlacedTracks(
            time_s=tracks.time_s,
            ids=tuple([tracks.ids[i] for i in rows.tolist()]),
            numbers=tracks.numbers.take(rows),
            x_m=figures[X_M],
            y_m=figures[Y_M],
            speed_mps=figures[SPEED],
            sideways_mps=figures[SIDEWAYS],
            sd_m=figures[SD],
            lanes=lanes.take(rows),
            classes=tracks.classes.take(rows),
            hits=tracks.hits.take(rows),
            unseen_s=tracks.unseen_s.take(rows),
            born_x_m=figures[BORN],
            crossed_s=figures[AT_S],
            crossed_mps=figures[AT_MPS],
            crossed_sd_s=figures[AT_SD],
            crossed_unseen_s=figures[AT_UNSEEN],
            boxes_px=tracks.boxes_px.take(rows, axis=0),
            scores=tracks.scores.take(rows),
        )
