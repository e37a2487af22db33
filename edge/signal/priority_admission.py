"""Who may ask for priority at this junction: each message is judged by its signature, its times and the site file.

The clock of a box may be wrong or set back, so the times that a sender has signed count beside it: what was over by the
sender's own newest message stays over. What is valid for a short time only need not be remembered for longer.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from nutgiao.edge.signal.priority_movements import PriorityMovements
from nutgiao.edge.signal.signature import centre_signature
from nutgiao.models.contracts.messages import PriorityRequest
from nutgiao.models.contracts.priority import PriorityAsk, PriorityRefusal, PriorityVehicle, RequestType
from nutgiao.models.contracts.site import Requester, Site

AHEAD_S = 5.0
"""A message may be so much newer than the box's clock: two clocks that are kept by NTP or GPS differ by less."""

MOST_LIFE_S = 30.0
"""No message may be valid for longer; a vehicle says its request again every few seconds."""

MOST_PER_S = 10
"""Messages of one sender that are judged in a second: to check a signature takes a tenth of a millisecond."""

_MINUTE_S = 60.0


class Refused(NamedTuple):
    """Why a message was not taken.

    Attributes:
        kind: to count by.
        reason: in words.
    """

    kind: PriorityRefusal
    reason: str


class Admitted(NamedTuple):
    """A message that was taken.

    Attributes:
        links: that serve the movement which a new request names; none for others.
    """

    links: tuple[int, ...]


@dataclass(slots=True)
class _Sender:
    """One who may ask.

    Attributes:
        rules: of the site file.
        signed: whether a signature over bytes is of its key.
        newest_s: the newest time that it has signed.
        seen: boot and number of its messages, and when each expires; those that are over by `newest_s` are dropped.
        asked_s: when each new request of the last minute came.
        second: of the box's clock, and how many messages were judged in it.
    """

    rules: Requester
    signed: Callable[[bytes, str], bool]
    newest_s: float = -inf
    seen: dict[tuple[str, int], float] = field(default_factory=dict)
    asked_s: deque[float] = field(default_factory=deque)
    second: tuple[float, int] = (-inf, 0)


class Admission:
    """Judges messages; what is refused leaves everything as it was.

    Args:
        site: says who may ask.
        centre_signed: whether a signature over bytes is of the centre that signs plans.
        movements: of the junction; None where no request can be served, so that nobody need know which it means.

    Attributes:
        counts: refused messages by kind.
    """

    def __init__(
        self, site: Site, centre_signed: Callable[[bytes, str], bool], movements: PriorityMovements | None
    ) -> None:
        self._node, self._movements = site.id, movements
        self._senders = {
            one.id: _Sender(one, centre_signed if one.key is None else centre_signature(one.key))
            for one in site.priority
        }
        self.counts: Counter[PriorityRefusal] = Counter()

    def judge(self, message: PriorityRequest, now_s: float) -> Admitted | Refused:
        """Judges a message.

        Args:
            message: as it came.
            now_s: time now by the box's clock, seconds since the epoch.
        """
        verdict = self._foreign(message, now_s) or self._late(message, now_s)
        if verdict is None:
            sender = self._senders[message.node]
            sender.newest_s = max(sender.newest_s, message.time_s)
            sender.seen = {key: end_s for key, end_s in sender.seen.items() if end_s > sender.newest_s}
            sender.seen[message.boot, message.seq] = message.expires_s
            judged = self._asked(message.ask, sender, now_s)
            if isinstance(judged, Admitted):
                return judged
            verdict = judged
        self.counts[verdict.kind] += 1
        return verdict

    def _foreign(self, message: PriorityRequest, now_s: float) -> Refused | None:
        """Whether it is from somebody else; until this is passed nothing in a message is believed."""
        sender = self._senders.get(message.node)
        if sender is None:
            return Refused(PriorityRefusal.STRANGER, f"the site names no {message.node[:64]!r} who may ask")
        second, judged = sender.second
        sender.second = (now_s, judged + 1) if second == now_s else (now_s, 1)
        if sender.second[1] > MOST_PER_S:
            return Refused(PriorityRefusal.TOO_MANY, f"more than {MOST_PER_S} messages in a second")
        if not sender.signed(message.signing_bytes(), message.signature):
            return Refused(PriorityRefusal.UNSIGNED, f"the signature is not {message.node}'s")
        if message.to != self._node:
            return Refused(PriorityRefusal.ELSEWHERE, f"it is meant for {message.to[:64]!r}")
        return None

    def _late(self, message: PriorityRequest, now_s: float) -> Refused | None:
        """Whether its time is past, still to come, or has been used before."""
        sender, life_s = self._senders[message.node], message.expires_s - message.time_s
        if not message.time_s <= now_s + AHEAD_S:
            return Refused(PriorityRefusal.AHEAD, f"it was sent {message.time_s - now_s:.0f} s from now")
        if not 0.0 < life_s <= MOST_LIFE_S:
            return Refused(
                PriorityRefusal.VALIDITY, f"it is valid for {life_s:g} s; up to {MOST_LIFE_S:g} s are allowed"
            )
        over_s = max(now_s, sender.newest_s) - message.expires_s
        if not over_s < 0.0:
            return Refused(PriorityRefusal.EXPIRED, f"it expired {over_s:.0f} s ago")
        if (message.boot, message.seq) in sender.seen:
            return Refused(PriorityRefusal.REPLAYED, "it came before")
        return None

    def _asked(self, ask: PriorityAsk, sender: _Sender, now_s: float) -> Admitted | Refused:
        """Whether what it asks is anything that its sender may ask for."""
        flaw = ask.flaw()
        if flaw:
            return Refused(PriorityRefusal.FLAWED, flaw)
        if ask.level > sender.rules.most_level:
            reason = f"level {ask.level} is above {sender.rules.most_level}"
            return Refused(PriorityRefusal.NOT_ALLOWED, reason)
        return self._begun(ask, sender, now_s) if ask.type is RequestType.NEW else Admitted(())

    def _begun(self, ask: PriorityAsk, sender: _Sender, now_s: float) -> Admitted | Refused:
        """The same for what only a new request tells."""
        who, vehicle = sender.rules, ask.vehicle_type or PriorityVehicle.OTHER
        if vehicle not in who.vehicles:
            return Refused(PriorityRefusal.NOT_ALLOWED, f"{who.id} may not ask for vehicles of type {vehicle}")
        while sender.asked_s and not 0.0 <= now_s - sender.asked_s[0] < _MINUTE_S:  # the clock may be set back
            sender.asked_s.popleft()
        if len(sender.asked_s) >= who.per_minute:
            return Refused(PriorityRefusal.TOO_MANY, f"{who.per_minute} requests in a minute are allowed")
        try:
            links = () if self._movements is None else self._movements.links(ask, who)
        except LookupError as error:
            return Refused(PriorityRefusal.MOVEMENT, str(error))
        except PermissionError as error:
            return Refused(PriorityRefusal.NOT_ALLOWED, str(error))
        sender.asked_s.append(now_s)
        return Admitted(links)
