"""Messages between edge, centre and people: JSON with schema, id, sequence number, time and expiry in the payload.

MQTT 3.1.1 promises at least once and nothing more, so every message names itself: ``id`` removes doubles, ``seq``
counts per node and boot and shows gaps, ``time_s`` is the time of what it tells, and after ``expires_s`` nobody acts
on it.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.plan import Count, SignalPlan
from nutgiao.models.contracts.priority import PriorityAsk, PriorityItem
from nutgiao.models.contracts.safety import Refusal
from nutgiao.models.contracts.words import ControlSource, Indication, PictureFault, VehicleClass, ViolationName


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema"):
    """What every message carries; unknown keys are ignored so that a newer sender can add some.

    Attributes:
        id: unique for ever: node, boot and sequence number.
        node: sender.
        boot: one run of the sender's process.
        seq: counts from 1 within node and boot.
        time_s: seconds since the epoch of what the message tells.
        expires_s: after this it is history, not news.
    """

    id: str
    node: str
    boot: str
    seq: Count
    time_s: float
    expires_s: float


class LaneState(msgspec.Struct, frozen=True, gc=False):
    """A lane in one second.

    Attributes:
        lane: lane of the site file.
        approach: its approach.
        queue_veh: road users that stand or crawl, those ahead of the line included.
        queue_mcu: the same in motorcycle-equivalent units.
        ahead_veh: those of them ahead of the line.
        back_of_queue_m: from the stop line to the rear of the last of them that hangs together with it; 0 without one.
        departures_veh: crossed the line in this second.
        departures_mcu: the same in motorcycle-equivalent units.
        arrivals_mcu: new in view, upstream, in this second.
        occupancy: share of the lane's area in view that is covered, 0..1.
        speed_mps: mean speed of those in view; NaN is not JSON, so None where there is nobody.
        beyond_view: the queue reaches the end of what the camera sees.
        quality: 0..1, how far the figures can be trusted.
        back_low_m: lower end of the back of queue's 90 % interval; None from a sender that does not tell.
        back_high_m: its upper end.
        spillback: the queue reaches the junction upstream.
        split_failure: the last green ended before all who had waited at its start were over the line; stays until the
            next green ends.
        moved: the camera that tells this has moved since it was calibrated: the figures may be of another place.
    """

    lane: str
    approach: str
    queue_veh: int
    queue_mcu: float
    ahead_veh: int
    back_of_queue_m: float
    departures_veh: int
    departures_mcu: float
    arrivals_mcu: float
    occupancy: float
    speed_mps: float | None
    beyond_view: bool
    quality: float
    back_low_m: float | None = None
    back_high_m: float | None = None
    spillback: bool = False
    split_failure: bool = False
    moved: bool = False


class LaneTelemetry(Message, frozen=True, kw_only=True, tag="nutgiao/lanes/1"):
    """Lane states of one node in one second."""

    lanes: tuple[LaneState, ...]


class SignalStatus(Message, frozen=True, kw_only=True, tag="nutgiao/signal/1"):
    """What the lamps really show, as the controller reports it: the only thing the centre believes.

    Attributes:
        groups: indication of each signal group.
        stage: stage that runs or is being left; with rings that of the first ring.
        cycle_second_s: seconds since the reference stage's green started.
        cycle_s: length of the running cycle.
        plan: id of the plan that runs.
        revision: its revision; 0 for a local plan.
        source: rung of the ladder.
        in_transition: the offset is still being reached.
        reason: what keeps the junction from the better rungs, in words; empty on the best.
        rung_changes: how often the node has wanted another rung since it started.
    """

    groups: dict[str, Indication]
    stage: str
    cycle_second_s: int
    cycle_s: int
    plan: str
    revision: Count
    source: ControlSource
    in_transition: bool
    reason: str = ""
    rung_changes: Count = 0


class EvidenceRef(msgspec.Struct, frozen=True, kw_only=True):
    """Where the evidence of a violation is: a bundle's name and the SHA-256 of its manifest."""

    bundle: str
    manifest_sha256: str


class ViolationReport(Message, frozen=True, kw_only=True, tag="nutgiao/violation/1"):
    """A violation as the edge saw it; a person decides what it is.

    Attributes:
        violation: unique id of the case.
        kind: what was done.
        approach: where; None for an act on a zone.
        lane: in which lane, if one is meant.
        track: id of the track, scoped to node, camera and boot.
        vehicle_class: by vote over the track.
        occurred_s: instant of the act (the crossing, the standing beyond the line).
        confidence: 0..1 of the rule.
        numbers: the figures that justify it, with units in their names.
        evidence: the sealed bundle, None if it could not be made.
        evidence_note: why there is none, in words; empty if there is. A plate stands in it alone.
        zone: on which zone, if one is meant.
    """

    violation: str
    kind: ViolationName
    approach: str | None
    lane: str | None
    track: str
    vehicle_class: VehicleClass
    occurred_s: float
    confidence: float
    numbers: dict[str, float]
    evidence: EvidenceRef | None
    evidence_note: str = ""
    zone: str | None = None


class CameraTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of a camera's picture.

    Attributes:
        fault: what is wrong.
        since_s: since when, seconds since the epoch.
        moved_px: of a moved picture, how far its corners lie from where they were calibrated, the mean of the four in
            pixels of the calibrated picture; None if the old view is not in the picture at all.
    """

    fault: PictureFault
    since_s: float
    moved_px: float | None = None


class CameraHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One camera.

    Attributes:
        camera: id of the camera in the site file.
        age_s: age of its last frame that shows something: black and frozen ones do not count.
        frames: frames since boot.
        dropped: frames since boot that nobody had time for.
        troubles: what is wrong with its picture.
        reconnects: how often its source was lost and came back.
    """

    camera: str
    age_s: float
    frames: int
    dropped: int
    troubles: tuple[CameraTrouble, ...] = ()
    reconnects: int = 0


class Health(Message, frozen=True, kw_only=True, tag="nutgiao/health/1"):
    """A node's own state, retained; the broker publishes ``offline`` as its last will.

    Attributes:
        state: online, degraded or offline.
        software: version.
        site_hash: hash of the signal side of its site file.
        public_key: the node's Ed25519 key, hexadecimal, for evidence.
        cameras: each camera.
        spooled: messages waiting on disk.
        lost: messages since the start that could not be kept on disk until they were sent.
        note: what is wrong, in words.
    """

    state: str
    software: str = ""
    site_hash: str = ""
    public_key: str = ""
    cameras: tuple[CameraHealth, ...] = ()
    spooled: int = 0
    lost: Count = 0
    note: str = ""


class PlanProposal(Message, frozen=True, kw_only=True, tag="nutgiao/plan-proposal/1"):
    """A plan that the centre asks a node to run; signed over `SignalPlan.signing_bytes`."""

    plan: SignalPlan
    signature: str


class PlanReply(Message, frozen=True, kw_only=True, tag="nutgiao/plan-reply/1"):
    """The node's answer: accepted with the instant of the change, or each broken rule."""

    plan: str
    revision: Count
    accepted: bool
    starts_s: float | None
    refusals: tuple[Refusal, ...]


class CentreHeartbeat(Message, frozen=True, kw_only=True, tag="nutgiao/centre/1"):
    """The centre lives; ``revisions`` is the last revision sent to each node, so a node can tell that one got lost."""

    state: str
    revisions: dict[str, Count]


class PriorityRequest(Message, frozen=True, kw_only=True, omit_defaults=True, tag="nutgiao/priority/1"):
    """A vehicle, or somebody for it, asks a junction for priority; ``node`` is the sender.

    Attributes:
        to: node of the junction, the same as in the topic: so that nobody can pass the message on to another one.
        ask: what is asked.
        signature: Ed25519 over `signing_bytes`, hexadecimal.
    """

    to: str
    ask: PriorityAsk
    signature: str = ""

    def signing_bytes(self) -> bytes:
        """The canonical bytes that a signature covers: the same for a time given as 5 and read back as 5.0."""
        times = {"time_s": float(self.time_s), "expires_s": float(self.expires_s)}
        return msgspec.json.encode(msgspec.structs.replace(self, signature="", **times), order="sorted")


class PriorityStatus(Message, frozen=True, kw_only=True, tag="nutgiao/priority-status/1"):
    """All priority requests that a node knows; one that is over is told once, and with it why.

    Attributes:
        requests: each with its state; their ids are the sender's, behind its name and a slash.
        refused: the same id to why its last message was refused, where that changed no state.
        counts: messages that were not taken since the box started, by `PriorityRefusal`.
    """

    requests: tuple[PriorityItem, ...]
    refused: dict[str, str] = {}
    counts: dict[str, Count] = {}


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on the way to a neighbour, or several who come in the same second.

    Attributes:
        to: node of the neighbour.
        at_s: when its stop line is reached if nothing hinders, seconds since the epoch.
        mcu: motorcycle-equivalent units; less than a whole vehicle where it may have turned off.
        persons: in it.
    """

    to: str
    at_s: float
    mcu: float
    persons: float


class Announcement(Message, frozen=True, kw_only=True, tag="nutgiao/announce/1"):
    """What a node tells its neighbours each second: who has left towards them. Lost ones are not said again."""

    arrivals: tuple[Arrival, ...]


AnyMessage = (
    LaneTelemetry
    | SignalStatus
    | ViolationReport
    | Health
    | PlanProposal
    | PlanReply
    | CentreHeartbeat
    | PriorityRequest
    | PriorityStatus
    | Announcement
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)

M = TypeVar("M", bound=Message)


def encode(message: AnyMessage) -> bytes:
    """Encodes a message as JSON."""
    return _encoder.encode(message)


def decode(payload: bytes) -> AnyMessage:
    """Decodes and validates a message.

    Raises:
        ContractError: if it is not JSON, of an unknown schema, or does not fit its schema.
    """
    try:
        return _decoder.decode(payload)
    # ValidationError is a DecodeError; bytes that are no UTF-8 and brackets nested without end come out as they are.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ContractError(f"{error} in {payload[:120]!r}") from error
