"""Cameras that an installer would choose for a sign on turns: wide, on a high mast that sees turns to their end."""

from __future__ import annotations

import numpy as np

from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.contracts.words import ViolationKind, ViolationName
from nutgiao.simulation.virtual_camera import Pinhole, VirtualCamera, pinhole_of, site_camera

SETBACK_M, HEIGHT_M, PITCH_DEG, FOCAL_PX = 66.0, 10.0, 14.0, 1150.0
"""The head-on camera (38 m, 8.5 m, 2040 px) sees 16 m beyond the line and 6 m to each side: no turn ends there. This
one stands beyond the opposite stop line and sees 18 m to each side at the exits; a motorcycle at the line is 29 px
high."""

WIDE_MARKS_M = (-36.0, -20.0, 0.0, 18.0, 36.0)
VIEW_M = (-36.0, 40.0)
_WIDE = "wide_"

FOR_WIDE = frozenset(
    {
        ViolationKind.BANNED_TURN,
        ViolationKind.BANNED_UTURN,
        ViolationKind.WRONG_LANE,
        ViolationKind.BLOCKED_BOX,
    }
)
"""Rules that need the turn or the middle of the junction; where a wide camera hangs it is asked for them, and the
head-on one for the others."""


def wide_pinhole(approach: Approach) -> Pinhole:
    """Where the wide camera of an approach hangs."""
    return pinhole_of(approach, SETBACK_M, HEIGHT_M, PITCH_DEG, FOCAL_PX)


def wide_camera(approach: Approach) -> Camera:
    """The site file's entry of the wide camera of an approach."""
    return site_camera(approach, f"{_WIDE}{approach.id}", VIEW_M, wide_pinhole(approach), WIDE_MARKS_M)


def virtual_camera(camera: Camera, approach: Approach, random: np.random.Generator) -> VirtualCamera:
    """The eye of a camera of the benchmark, head-on or wide."""
    return VirtualCamera(camera, approach, random, wide_pinhole(approach) if is_wide(camera.id) else None)


def is_wide(camera: str) -> bool:
    """Whether a camera was put up for a sign on turns."""
    return camera.startswith(_WIDE)


def needs_turn(kind: ViolationName, approach: Approach) -> bool:
    """Whether a rule waits on an approach for where somebody goes in the junction: a red light where some may turn."""
    return kind in FOR_WIDE or (kind == ViolationKind.RED_LIGHT and any(lane.on_red for lane in approach.lanes))


def is_asked(camera: str, kind: ViolationName, approach: Approach | None, has_wide: bool) -> bool:
    """Whether a camera is the one that is asked for a rule.

    Args:
        camera: id.
        kind: of the rule.
        approach: where; None for an act on a zone off all approaches.
        has_wide: the approach has a wide camera, too.
    """
    return is_wide(camera) == (has_wide and approach is not None and needs_turn(kind, approach))
