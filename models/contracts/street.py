"""The wire between the simulated street and its participants: virtual cameras, controllers and clock.

Every simulated second the street sends a `Step` to each edge process and then to the centre, and goes on when all have
answered `StepDone`. Frames are msgpack; arrays travel as bytes. A real box never uses this module.
"""

from __future__ import annotations

import msgspec

from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall


class VirtualFrame(msgspec.Struct, frozen=True, array_like=True):
    """What a virtual camera saw: arrays of `nutgiao.models.vision.detections.Detections` as bytes."""

    camera: str
    time_s: float
    boxes: bytes
    scores: bytes
    classes: bytes


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A participant joins: the node id, or ``centre``."""

    node: str


class Step(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """One simulated second.

    Attributes:
        time_s: the time now.
        frames: what the node's cameras saw in the second that ended now.
        signal: what its controller shows now, None for the centre.
        published: for the centre, the last sequence number that each node has published, once its uplink works.
        await_revision: for an edge, the last plan revision that the centre has sent to it.
    """

    time_s: float
    frames: tuple[VirtualFrame, ...] = ()
    signal: CabinetStatus | None = None
    published: dict[str, int] = {}
    await_revision: int = 0


class StepDone(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The participant has done what that second asked of it.

    Attributes:
        time_s: the step's time.
        published: last sequence number handed to the broker and acknowledged; 0 while the uplink is down.
        requests: what the controller is asked.
        revisions: from the centre, the last plan revision sent to each node.
    """

    time_s: float
    published: int = 0
    requests: tuple[CabinetRequest | StageCall, ...] = ()
    revisions: dict[str, int] = {}


class End(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The street closes: participants finish what they hold and leave."""


FromStreet = Step | End
ToStreet = Hello | StepDone
