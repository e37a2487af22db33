"""The three things that differ between a road and a simulated street: clock, cameras and controller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus
from nutgiao.models.contracts.messages import CameraHealth
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.detections import DetectedFrame


@dataclass(frozen=True, slots=True)
class LampNews:
    """One reading of a lamp in a picture."""

    time_s: float
    group: str
    indication: Indication


class Clock(Protocol):
    """Time on the box: whole seconds, one after the other."""

    def next_second(self) -> float | None:
        """Waits for the next second; None when the node shall end."""
        ...


class CameraDriver(Protocol):
    """One camera together with its detector."""

    def frames(self) -> list[DetectedFrame]:
        """Detected frames since the last call, oldest first."""
        ...

    def lamps(self) -> list[LampNews]:
        """What lamps in the picture showed since the last call; nothing where the controller tells."""
        ...

    def health(self, now_s: float) -> CameraHealth:
        """How old the last frame is, and how many came and were dropped."""
        ...

    def close(self) -> None:
        """Lets go of the source."""
        ...


class Controller(Protocol):
    """The signal controller: it reports, and it may be asked. Nothing here drives a lamp."""

    def status(self) -> CabinetStatus | None:
        """What the lamps show now; None while the controller does not answer."""
        ...

    def request(self, request: CabinetRequest) -> None:
        """Asks for a plan from the next cycle boundary on; `status` tells whether it came true."""
        ...
