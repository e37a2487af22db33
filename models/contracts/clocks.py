"""What is known about the clocks that a violation rests on, as its evidence tells it."""

from __future__ import annotations

import msgspec


class ClockNote(msgspec.Struct, frozen=True, kw_only=True):
    """Offsets of the clocks, each None while nobody has been able to measure it.

    Attributes:
        camera_s: how far a lamp's change is later by the pictures' stamps than by the controller's reports.
        camera_sd_s: standard error of that, the steps in which both report included.
        controller_s: how far the box's clock is ahead of the controller's own; told in whole seconds.
        ntp_s: how far the box's clock is ahead of its time servers, as its kernel knows.
        ntp_error_s: largest error of the box's clock that its kernel vouches for.
        source: who vouches for the box's clock: `kernel`, or `none`.
    """

    camera_s: float | None = None
    camera_sd_s: float | None = None
    controller_s: float | None = None
    ntp_s: float | None = None
    ntp_error_s: float | None = None
    source: str = "none"
