"""Tells where in a picture a person can only be the rider of a machine that nobody can see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import Homography
from nutgiao.models.vision.riders import hidden_below

AHEAD_OF_LINE_M = 12.0
"""So far beyond the line a person whose feet are hidden by the next row is still a rider of the queue."""


def in_queue(detections: Detections, homography: Homography, approaches: Sequence[ApproachFrame]) -> NDArray[np.bool_]:
    """Where a person can only be a rider whose machine is hidden.

    That is upstream of the stop line on the carriageway, and also ahead of it if the feet are hidden by the next row;
    somebody who walks over the crossing in full view stays a pedestrian.

    Args:
        detections: road users in pixels of the calibrated picture.
        homography: map to the ground.
        approaches: frames of the approaches in view.

    Returns:
        ``(n,)`` bool.
    """
    boxes = detections.boxes_px.astype(np.float64)
    ground = homography.ground(np.stack([(boxes[:, 0] + boxes[:, 2]) / 2.0, boxes[:, 3]], axis=1))
    hidden = hidden_below(detections)
    inside = np.zeros(len(detections), np.bool_)
    for approach in approaches:
        x_m, y_m = approach.place(ground)
        inside |= approach.on_carriageway(y_m) & ((x_m > 0.0) | (hidden & (x_m > -AHEAD_OF_LINE_M)))
    return inside
