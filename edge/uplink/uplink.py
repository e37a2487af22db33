"""What the node says to the centre and hears from it: headers, sequence numbers, outbox and link in one place."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from nutgiao.edge.uplink.mqtt import IN_FLIGHT, MqttLink
from nutgiao.edge.uplink.outbox import Letter, Outbox
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.messages import (
    Announcement,
    AnyMessage,
    Arrival,
    CentreHeartbeat,
    Health,
    PlanProposal,
    PriorityRequest,
    decode,
    encode,
)
from nutgiao.models.contracts.plan import NEVER_S
from nutgiao.models.contracts.topics import CENTRE, RETAINED, Channel, Topic, subscription

log = logging.getLogger(__name__)

T = TypeVar("T")

RECENT = 100
"""Acknowledged letters that are said again after the link broke: a broker that dies may have acknowledged letters that
it had not passed on yet. Receivers know them by their ids."""
AGAIN_AFTER = 20
"""So many letters later they are said once more, and all since with them: a broker that came back without its sessions
passes on only what comes after the receiver has subscribed again, and the receiver may come back later than the box."""
HEARD = 1000
"""What was heard and nobody has fetched: above this the oldest makes room."""
MUST_ARRIVE = frozenset({Channel.VIOLATION, Channel.REPLY})


class Uplink:
    """The node's voice. Used from one thread.

    Args:
        broker: where the broker is.
        city: name in the topics.
        node: id of the site.
        boot: id of this run of the process.
        outbox: letters on disk.
        now_s: start of the node, for the will.
        neighbours: nodes whose announcements are listened to.

    Attributes:
        lost: letters that could not be written into the outbox, or made room in it.
        trouble: why the outbox cannot be used now; empty if it can.
    """

    def __init__(
        self,
        broker: BrokerUrl,
        city: str,
        node: str,
        boot: str,
        outbox: Outbox,
        now_s: float,
        neighbours: tuple[str, ...] = (),
    ) -> None:
        self._city, self._node, self._boot, self._outbox = city, node, boot, outbox
        self.lost, self.trouble = 0, ""
        self._failed = False  # since the last pump
        self._seq = 0
        self._seq_of: dict[int, int] = {}  # letter -> sequence number, of this boot
        self._handed = 0
        self._open: dict[int, Letter] = {}  # handed over, not acknowledged
        self._done: list[int] = []  # acknowledged, to be forgotten on disk
        self._recent: list[Letter] = []  # acknowledged last
        self._connections = 0
        self._acknowledged = 0  # letters, in all
        self._again_at: int | None = None  # of these, when the last ones are said once more
        self._settled_seq = 0
        self._proposals: deque[PlanProposal] = deque()
        self._heard_revision = 0
        self._beats: deque[CentreHeartbeat] = deque(maxlen=HEARD)
        self._announced: deque[Announcement] = deque(maxlen=HEARD)
        self._announcements = 0
        self._asked: deque[PriorityRequest] = deque(maxlen=HEARD)
        will = Health(**self._head(now_s, NEVER_S, seq=0), state="offline", note="the link broke")
        self._link = MqttLink(
            broker,
            client_id=f"nutgiao-{city}-{node}",
            subscriptions=(
                subscription(city, node=node, channel=Channel.PROPOSAL),
                subscription(city, node=CENTRE, channel=Channel.HEARTBEAT),
            ),
            will=Letter(0, self._topic(Channel.HEALTH), encode(will), retain=True),
            passing=(
                subscription(city, node=node, channel=Channel.PRIORITY),
                *(subscription(city, node=node, channel=Channel.ANNOUNCE) for node in neighbours),
            ),
        )

    def start(self) -> None:
        """Starts connecting; letters of an earlier run go first."""
        self._link.start()

    @property
    def up(self) -> bool:
        """Whether the broker can be reached now."""
        return self._link.up

    @property
    def spooled(self) -> int:
        """Letters that wait; 0 where the outbox cannot be read."""
        return self._tried(lambda: len(self._outbox)) or 0

    def send(
        self, channel: Channel, build: Callable[..., AnyMessage], now_s: float, life_s: float, **body: Any
    ) -> AnyMessage:
        """Writes a message into the outbox; `pump` sends it.

        A disk that is full or broken must not stop the box: the message is lost then, counted, and told as `trouble`.

        Args:
            channel: where it goes.
            build: message class.
            now_s: time of what it tells.
            life_s: seconds until it is history.
            **body: the message's own fields.

        Returns:
            The message.
        """
        self._seq += 1
        message = build(**self._head(now_s, now_s + life_s, seq=self._seq), **body)
        topic, payload = self._topic(channel), encode(message)
        retain, must_arrive = channel in RETAINED, channel in MUST_ARRIVE
        number = self._tried(lambda: self._outbox.put(topic, payload, retain=retain, must_arrive=must_arrive))
        if number is None:
            self.lost += 1
        else:
            self._seq_of[number] = self._seq
            self._handed = min(self._handed, number - 1)  # SQLite gives numbers again that a failure has undone
        while self._outbox.made_room:
            self._seq_of.pop(self._outbox.made_room.pop(), None)
            self.lost += 1
        return message

    def pump(self) -> None:
        """Makes new letters durable, hands them over while the link is up, and forgets acknowledged ones.

        What cannot be made durable is handed over all the same.
        """
        self._tried(self._outbox.commit)
        if self._link.up:
            self._repeat()
            for letter in self._tried(lambda: self._outbox.after(self._handed, limit=IN_FLIGHT)) or []:
                if not self._link.send(letter):
                    break
                self._handed = letter.number
                self._open[letter.number] = letter
        self._settle()
        if self.trouble and not self._failed:
            log.warning("the outbox can be written again; %s letters were lost until now", self.lost)
            self.trouble = ""
        self._failed = False

    def flush(self, deadline: Callable[[], bool]) -> int:
        """Pumps until every letter is acknowledged.

        Args:
            deadline: tells when to give up; also given up while the link is down.

        Returns:
            Last sequence number of this boot that the broker has, 0 while the link is down.
        """
        self.pump()
        while self._link.up and (self._open or self._more()) and not deadline():
            self._link.wait(0.05)
            self.pump()
        return self._settled_seq if self._link.up else 0

    def proposals(self) -> list[PlanProposal]:
        """Plans that came since the last call; what is no proposal is logged and left."""
        self._listen()
        return [self._proposals.popleft() for _ in range(len(self._proposals))]

    def beats(self) -> list[CentreHeartbeat]:
        """Heartbeats of the centre that came since the last call, oldest first."""
        self._listen()
        return [self._beats.popleft() for _ in range(len(self._beats))]

    def announce(self, arrivals: tuple[Arrival, ...], now_s: float, life_s: float) -> None:
        """Tells the neighbours who is on the way to them: at most once and without a copy on disk.

        Lost or late it is worth nothing, so it has a count of its own and leaves no gap in that of the letters.

        Args:
            arrivals: who comes.
            now_s: time now.
            life_s: seconds until it is history.
        """
        if not self._link.up:
            return
        self._announcements += 1
        head = self._head(now_s, now_s + life_s, seq=self._announcements)
        head["id"] = f"{self._node}-{self._boot}-announce-{self._announcements}"
        self._link.say(self._topic(Channel.ANNOUNCE), encode(Announcement(**head, arrivals=arrivals)))

    def announced(self) -> list[Announcement]:
        """What the neighbours have announced since the last call."""
        self._listen()
        return [self._announced.popleft() for _ in range(len(self._announced))]

    def priority(self) -> list[PriorityRequest]:
        """Requests for priority that came since the last call, whoever sent them."""
        self._listen()
        return [self._asked.popleft() for _ in range(len(self._asked))]

    def await_revision(self, revision: int, deadline: Callable[[], bool]) -> bool:
        """Waits until a proposal of that revision has come.

        Returns:
            Whether it has.
        """
        self._listen()
        while self._heard_revision < revision and self._link.up and not deadline():
            self._link.wait(0.05)
            self._settle()
            self._listen()
        return self._heard_revision >= revision

    def close(self, now_s: float, deadline: Callable[[], bool]) -> None:
        """Sends what it can, says goodbye and closes; the rest stays on disk for the next run."""
        self.flush(deadline)
        self._seq += 1
        farewell = Health(**self._head(now_s, NEVER_S, seq=self._seq), state="offline", note="switched off")
        self._link.close(Letter(0, self._topic(Channel.HEALTH), encode(farewell), retain=True))
        self._settle()
        self._tried(self._outbox.close)

    def _repeat(self) -> None:
        """Says the last acknowledged letters again when the link is back, twice; not retained, for they are old."""
        if self._connections != self._link.connections:
            self._again_at = self._acknowledged + AGAIN_AFTER if self._link.connections > 1 else None
            self._connections = self._link.connections
        elif self._again_at is not None and self._acknowledged >= self._again_at:
            self._again_at = None
        else:
            return
        for letter in self._recent:
            self._link.send(Letter(0, letter.topic, letter.payload, retain=False))

    def _more(self) -> bool:
        return bool(self._tried(lambda: self._outbox.after(self._handed, limit=1)))

    def _settle(self) -> None:
        numbers = self._link.acknowledged()
        for number in numbers:
            if number in self._open:
                self._recent.append(self._open.pop(number))
                self._acknowledged += 1
            self._settled_seq = max(self._settled_seq, self._seq_of.pop(number, 0))
        if self._again_at is None:  # until they are said once more none may go: a hundred come back at a time
            del self._recent[:-RECENT]
        self._done += numbers
        if self._done:
            self._tried(self._forget)

    def _forget(self) -> None:
        self._outbox.delivered(self._done)
        self._done.clear()

    def _tried(self, work: Callable[[], T]) -> T | None:
        """What the outbox answers; None if its disk does not let it, which is told as `trouble`."""
        try:
            return work()
        except sqlite3.Error as error:
            trouble = f"letters cannot be kept on disk: {error}"
            if trouble != self.trouble:
                log.error("%s", trouble)
            self.trouble, self._failed = trouble, True
            return None

    def _listen(self) -> None:
        for topic, payload in self._link.received():
            try:
                message = decode(payload)
            except ContractError as error:
                log.warning("%s: %s", topic, error)
                continue
            if isinstance(message, PlanProposal):
                self._proposals.append(message)
                self._heard_revision = max(self._heard_revision, message.plan.revision)
            elif isinstance(message, CentreHeartbeat):
                self._beats.append(message)
            elif isinstance(message, Announcement):
                self._announced.append(message)
            elif isinstance(message, PriorityRequest):
                self._asked.append(message)

    def _topic(self, channel: Channel) -> str:
        return str(Topic(self._city, self._node, channel))

    def _head(self, now_s: float, expires_s: float, seq: int) -> dict[str, Any]:
        return {
            "id": f"{self._node}-{self._boot}-{seq}",
            "node": self._node,
            "boot": self._boot,
            "seq": seq,
            "time_s": now_s,
            "expires_s": expires_s,
        }
