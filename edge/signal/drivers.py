"""The things that differ between a road and a simulated street, and what runs a junction second by second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.messages import CameraHealth
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.detections import DetectedFrame


@dataclass(frozen=True, slots=True)
class LampNews:
    """One reading of a lamp in a picture.

    Attributes:
        time_s: capture time of the frame.
        group: signal group.
        indication: what it shows.
        confidence: 0..1 that this is right.
        ends_s: when the countdown beside it will be over; None where there is none or it cannot be read.
    """

    time_s: float
    group: str
    indication: Indication
    confidence: float = 1.0
    ends_s: float | None = None


class Clock(Protocol):
    """Time on the box: whole seconds, one after the other."""

    def next_second(self) -> float | None:
        """Waits for the next second; None when the node shall end."""
        ...

    def steady_s(self) -> float:
        """Seconds since some start, by a clock that nobody sets: what a jump of the other one is told by."""
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

    def call(self, call: StageCall) -> None:
        """Asks for a stage until the call's lease ends; the cabinet's own times decide when it comes."""
        ...


class Adaptive(Protocol):
    """Runs the junction second by second from what the box sees; it decides nothing about when it may."""

    def ready(self, now_s: float) -> str:
        """Why it cannot run now; empty if it can."""
        ...

    def call(self, now_s: float, status: CabinetStatus, plan: SignalPlan | None = None) -> StageCall | None:
        """What to ask of the cabinet in this second.

        Args:
            now_s: time now, seconds since the epoch, by the box's clock; nobody vouches for it.
            status: what the controller reports now.
            plan: plan of the centre to stay within, as its mode allows; None where the junction stands alone.

        Returns:
            A call whose lease is told in the seconds of the controller's clock, as in `status`; None to ask nothing.
        """
        ...
