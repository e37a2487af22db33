"""The node's second goes on whatever fails beside the road: evidence that is gone, a disk that is full."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.guard import Guard
from nutgiao.edge.signal.ladder import Ladder
from nutgiao.edge.uplink.outbox import Outbox
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.messages import Health, ViolationReport, decode
from nutgiao.models.contracts.site import Site
from tests.support.crossroads import NOON_S, crossroads
from tests.support.guarded import Junction
from tests.support.scenes import GREEN, RED, Scene, Vehicle, drive, site, watch

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Steady:
    """A clock for a node whose seconds are turned by the test."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def next_second(self) -> float | None:
        return None

    def steady_s(self) -> float:
        return self.now_s


def uplink_to_nobody(folder: Path) -> tuple[Uplink, Outbox]:
    outbox = Outbox(folder / "outbox.sqlite")
    return Uplink(BrokerUrl("127.0.0.1", 1), "town", "j1", "b1", outbox, 0.0), outbox


def evidence(where: Site, folder: Path) -> EvidenceBuilder:
    return EvidenceBuilder(folder / "evidence", KEY, site=where, node="j1", boot="b1", software="0")


@pytest.mark.parametrize("gone", [True, False], ids=["the case is not kept", "a still cannot be encoded"])
def test_a_violation_without_evidence_is_reported_and_the_loop_goes_on(
    gone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perception = Perception(site(), "j1", "b1")
    scene = Scene([Vehicle(drive(8.0, 11.0), 4.5)])
    (violation,) = watch(perception, scene, 14, lambda t: RED if t >= 8 else GREEN).violations
    sealer = evidence(site(), tmp_path)
    if gone:
        perception.case(violation)
    else:

        def broken(*what: object) -> None:
            raise EvidenceBroken("the still 'before' could not be encoded as JPEG")

        monkeypatch.setattr(sealer, "seal", broken)
    uplink, outbox = uplink_to_nobody(tmp_path)
    node = Node(site(), Steady(), [], None, None, perception, sealer, uplink, "0")
    node._waiting.append(violation)
    node.second(violation.occurred_s + 20.0)
    sent = [decode(letter.payload) for letter in outbox.after(0, 10)]
    (told,) = [message for message in sent if isinstance(message, ViolationReport)]
    (health,) = [message for message in sent if isinstance(message, Health)]
    assert told.evidence is None
    assert health.note == f"evidence cannot be written: {told.evidence_note}"
    assert health.note.startswith("evidence cannot be written: ")


def test_on_a_full_disk_letters_are_lost_and_told_and_the_ladder_goes_on(tmp_path: Path) -> None:
    where = crossroads()
    junction = Junction(where, now_s=NOON_S - 6 * 3600 - 120)
    assert junction.shown.plan == "night"
    clock = Steady()
    ladder = Ladder(where, Guard(where, lambda body, signature: True), junction, None, NOON_S - 1e7)
    uplink, outbox = uplink_to_nobody(tmp_path)
    perception = Perception(where, "j1", "b1")
    node = Node(where, clock, [], junction, ladder, perception, evidence(where, tmp_path), uplink, "0")
    (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(500):
        node.second(float(junction.now_s))
        clock.now_s += 1.0
        junction.now_s += 1
        junction.shown = junction.cabinet.tick(junction.now_s)
    assert junction.shown.plan == "day"
    assert uplink.lost > 500
    assert "letters cannot be kept on disk: database or disk is full" in node._note
    outbox._db.execute("PRAGMA max_page_count = 100000")
    before = uplink.spooled
    for k in range(12):
        node.second(float(junction.now_s + k))
    assert uplink.spooled > before
    assert "disk" not in node._note
    healths = [m for letter in outbox.after(0, 10_000) if isinstance(m := decode(letter.payload), Health)]
    assert healths[-1].lost == uplink.lost > 500, "that they are gone stays told when the disk is well again"


def test_letters_that_made_room_leave_nothing_behind(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "small.sqlite", telemetry_limit=5)
    uplink = Uplink(BrokerUrl("127.0.0.1", 1), "town", "j1", "b1", outbox, 0.0)
    node = Node(
        crossroads(), Steady(), [], None, None, Perception(crossroads(), "j1", "b1"),
        evidence(crossroads(), tmp_path), uplink, "0",
    )  # fmt: skip
    for second in range(60):
        node.second(float(NOON_S + second))
    assert uplink.spooled == 5
    assert uplink.lost == 60 + 6 - 5, "lane states of a minute, six healths, five of them still there"
    assert len(uplink._seq_of) == 5
