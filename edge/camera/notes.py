"""What a box says of its cameras in words: one list for log, messages and the page's translation."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from nutgiao.models.contracts.messages import CameraHealth
from nutgiao.models.contracts.words import PictureFault


class PictureNote(enum.StrEnum):
    """A sentence; the cameras follow after a colon. Named as the fault that it tells."""

    FROZEN = "the picture is frozen"
    BLACK = "the picture is black"
    BLURRED = "the picture is blurred"
    MOVED = "the camera has moved and its violations are not reported"


def faulty(cameras: Sequence[CameraHealth], fault: PictureFault) -> list[str]:
    """Ids of the cameras whose picture has a fault."""
    return [camera.camera for camera in cameras if any(trouble.fault is fault for trouble in camera.troubles)]


def picture_notes(cameras: Sequence[CameraHealth]) -> list[str]:
    """A sentence for each fault that some camera's picture has."""
    told = ((note, faulty(cameras, PictureFault[note.name])) for note in PictureNote)
    return [f"{note}: {', '.join(names)}" for note, names in told if names]
