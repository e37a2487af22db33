"""What the centre knows of one node, and what it does with each of its messages."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass

import msgspec

from nutgiao.central.history import ApproachHistory, ApproachSecond, approach_seconds
from nutgiao.central.proposals import Proposals
from nutgiao.central.sequence import SequenceLog
from nutgiao.models.contracts.messages import (
    AnyMessage,
    CameraHealth,
    Health,
    LaneState,
    LaneTelemetry,
    PlanReply,
    PriorityStatus,
    SignalStatus,
)
from nutgiao.models.contracts.site import Site

BOOTS_KEPT = 8
AHEAD_S = 120.0
"""A message from further in the future comes from a wrong clock; it would push the present out of the history."""


class Verdict(enum.StrEnum):
    """What was done with a message."""

    NEW = "new"  # acted on
    DUPLICATE = "duplicate"  # came before
    STALE = "stale"  # expired: it enters the history, nobody acts on it
    LATE = "late"  # something newer of its kind came first: history too
    AHEAD = "ahead"  # from a clock that runs ahead
    STRANGER = "stranger"  # from a node, or about a thing, that nobody here knows


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """How a node is.

    Attributes:
        state: online, degraded or offline.
        note: why, in words.
        heard_s: time of its newest live message, None if there was none.
        software: version.
        site_hash: hash of the signal side of the site file that it runs.
        public_key: its Ed25519 key, hexadecimal; empty before the first health message.
        cameras: each camera.
        spooled: messages waiting on its disk.
        lost: messages since its start that its disk could not keep.
    """

    state: str
    note: str
    heard_s: float | None = None
    software: str = ""
    site_hash: str = ""
    public_key: str = ""
    cameras: tuple[CameraHealth, ...] = ()
    spooled: int = 0
    lost: int = 0


class NodeState:
    """One node; used under the lock of the network state.

    Args:
        site: its site.
        proposals: plans sent to all nodes, told what this one answers and shows.
        history_s: length of the rolling history.
    """

    def __init__(self, site: Site, proposals: Proposals, history_s: int) -> None:
        self._proposals = proposals
        self.logs: dict[str, SequenceLog] = {}
        self.boot = ""
        self.counts: Counter[str] = Counter()
        self.said: Health | None = None
        self.signal: SignalStatus | None = None
        self.priority: PriorityStatus | None = None
        self.lanes: tuple[LaneState, ...] = ()
        self.latest: dict[str, ApproachSecond] = {}
        self.history = {approach.id: ApproachHistory(history_s) for approach in site.approaches}
        self._lanes_s = float("-inf")
        self._heard_s: float | None = None
        self._alive_until_s = float("-inf")

    def take(self, message: AnyMessage, now_s: float) -> Verdict:
        """Takes in one message."""
        if isinstance(message, Health) and message.state == "offline":
            verdict = self._gone(message, now_s)
        elif not self._log(message.boot).add(message.seq):
            verdict = Verdict.DUPLICATE
        elif message.time_s > now_s + AHEAD_S:
            verdict = Verdict.AHEAD
        else:
            stale = now_s > message.expires_s
            if not stale:
                self.boot = message.boot
            verdict = self._act(message, stale)
        self.counts["messages"] += 1
        self.counts[verdict] += 1
        return verdict

    def health(self, now_s: float) -> NodeHealth:
        """How it is: by its own word, or offline by silence beyond what its last messages promised."""
        said = self.said
        if said is None:
            if now_s <= self._alive_until_s:
                return NodeHealth("degraded", "no health message yet", self._heard_s)
            return NodeHealth("offline", "nothing heard yet", self._heard_s)
        state, note = said.state, said.note
        if state != "offline" and now_s > self._alive_until_s:
            silent_s = now_s - (self._heard_s if self._heard_s is not None else said.time_s)
            state, note = "offline", f"silent for {silent_s:.0f} s"
        elif state == "online" and now_s > said.expires_s:
            state, note = "degraded", "health messages have stopped"
        return NodeHealth(
            state=state,
            note=note,
            heard_s=self._heard_s,
            software=said.software,
            site_hash=said.site_hash,
            public_key=said.public_key,
            cameras=said.cameras,
            spooled=said.spooled,
            lost=said.lost,
        )

    def present_log(self) -> SequenceLog | None:
        """Sequence numbers of the boot that spoke last."""
        return self.logs.get(self.boot)

    def _act(self, message: AnyMessage, stale: bool) -> Verdict:
        match message:
            case LaneTelemetry():
                return self._take_lanes(message, stale)
            case SignalStatus():
                return self._take_signal(message, stale)
            case Health():
                return self._take_health(message, stale)
            case PriorityStatus():
                return self._take_priority(message, stale)
            case PlanReply():
                # A reply is a fact about a plan, not news of the street: it counts however late it comes.
                self._proposals.answered(message)
                return Verdict.NEW
            case _:
                return Verdict.NEW  # violations are the store's, whenever they come

    def _take_lanes(self, message: LaneTelemetry, stale: bool) -> Verdict:
        verdict = Verdict.NEW
        if stale:
            verdict = Verdict.STALE
        elif message.time_s <= self._lanes_s:
            verdict = Verdict.LATE
        for approach, second in approach_seconds(message).items():
            if approach not in self.history:
                return Verdict.STRANGER
            self.history[approach].add(second)
            if verdict is Verdict.NEW:
                self.latest[approach] = second
        if verdict is Verdict.NEW:
            self.lanes, self._lanes_s = message.lanes, message.time_s
            self._alive(message)
        return verdict

    def _take_signal(self, message: SignalStatus, stale: bool) -> Verdict:
        if stale:
            return Verdict.STALE
        if self.signal is not None and message.time_s < self.signal.time_s:
            return Verdict.LATE
        self.signal = message
        self._proposals.shown(message)
        self._alive(message)
        return Verdict.NEW

    def _take_priority(self, message: PriorityStatus, stale: bool) -> Verdict:
        if stale:
            return Verdict.STALE
        if self.priority is not None and message.time_s < self.priority.time_s:
            return Verdict.LATE
        self.priority = message
        self._alive(message)
        return Verdict.NEW

    def _take_health(self, message: Health, stale: bool) -> Verdict:
        if stale:
            return Verdict.STALE
        if self.said is not None and self.said.state != "offline" and message.time_s < self.said.time_s:
            return Verdict.LATE
        self.said = message
        self._alive(message)
        return Verdict.NEW

    def _gone(self, message: Health, now_s: float) -> Verdict:
        """A last will or a farewell.

        The broker sends the same will after every broken link of a boot, so it is no duplicate; its time is that of
        the connection, so it is never late either, unless another boot has spoken since.
        """
        if message.seq:
            self._log(message.boot).add(message.seq)
        if self.boot not in {"", message.boot} and now_s <= self._alive_until_s:
            return Verdict.LATE
        known = self.said
        if known is not None and not message.public_key:  # a will carries neither key nor version
            message = msgspec.structs.replace(known, state=message.state, note=message.note, time_s=message.time_s)
        self.said = message
        self._alive_until_s = float("-inf")
        return Verdict.NEW

    def _alive(self, message: AnyMessage) -> None:
        self._alive_until_s = max(self._alive_until_s, message.expires_s)
        self._heard_s = message.time_s if self._heard_s is None else max(self._heard_s, message.time_s)

    def _log(self, boot: str) -> SequenceLog:
        if boot not in self.logs:
            self.logs[boot] = SequenceLog()
            if len(self.logs) > BOOTS_KEPT:
                self.logs.pop(next(name for name in self.logs if name not in {boot, self.boot}))
        return self.logs[boot]
