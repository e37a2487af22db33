"""A site whose camera nobody has calibrated yet, and what its picture would show."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.vision.pinhole import to_image_of

PICTURE = (1280, 720)

NEW_CAMERA = """\
schema: nutgiao/site/1
id: corner
name: {vi: Ngã tư, en: Corner}
approaches:
  - id: north
    origin_m: [0.0, 0.0]  # measured by hand
    heading_deg: 180.0
    signal_group: g1
    lanes:
      - {id: north_a, width_m: 3.0, turns: [through, right]}  # at the kerb
      - {id: north_b, width_m: 3.0, turns: [left]}
cameras:
  - id: cam
    source: usb:0
    width_px: 1280
    height_px: 720
    approaches: [north]
    view_m: [-10.0, 40.0]
"""

MARKS = np.array([[2.0, -6.0], [-9.0, -6.0], [-8.0, 20.0], [1.0, 20.0], [-3.5, 0.0], [0.0, 6.0], [-7.0, 6.0]])
"""Places on the ground that an installer would measure, metres."""

# 7 m high, 16 m south of the line, between the lanes of an approach that comes towards it.
_CAMERA = np.array([math.log(1000.0), math.radians(17.0), 0.0, math.log(7.0), 0.0, -3.5, -16.0])


def on_the_picture(places_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(n, 2)`` pixels of places on the ground."""
    rays = np.column_stack([places_m, np.ones(len(places_m))]) @ to_image_of(_CAMERA, PICTURE).T
    return np.asarray(rays[:, :2] / rays[:, 2:])
