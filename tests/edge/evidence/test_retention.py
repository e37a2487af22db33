"""Bundles on the box: those that the centre has go when their days are over, and everything else is told."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.evidence.chain import HEAD, REMOVED, original_of
from nutgiao.edge.evidence.looks import hold
from nutgiao.edge.evidence.retention import DAY_S, EVERY_S, Note, Retention
from nutgiao.edge.evidence.verify import look_at, look_at_chain
from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.uplink.courier import ARRIVED, Courier
from nutgiao.models.contracts.messages import Health, decode
from tests.edge.evidence.test_bundle import KEY, builder, red_light_case
from tests.edge.test_node import Steady, uplink_to_nobody
from tests.edge.uplink.test_courier import Muddled, _Answer
from tests.edge.uplink.test_uplink import until
from tests.support.crossroads import NOON_S, crossroads
from tests.support.scenes import GREEN, RED, Scene, Vehicle, drive, site, watch

DAYS = 30
NOW_S = float(NOON_S)


def bundle(folder: Path, name: str, age_days: float, marker: str = "", *, held: bool = False) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.zip"
    path.write_bytes(b"sealed")
    os.utime(path, (NOW_S - age_days * DAY_S,) * 2)
    if marker:
        path.with_suffix(".sent").write_text(marker)
    if held:
        path.with_suffix(".hold").touch()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def retention(folder: Path, free: float = 0.5) -> Retention:
    return Retention(folder, DAYS, lambda _: free)


def test_only_what_has_arrived_is_over_its_days_and_is_not_held_goes(tmp_path: Path) -> None:
    bundle(tmp_path, "old", 31, ARRIVED)
    bundle(tmp_path, "young", 29, ARRIVED)
    bundle(tmp_path, "held", 400, ARRIVED, held=True)
    bundle(tmp_path, "waits", 31)
    bundle(tmp_path, "new", 1)
    bundle(tmp_path, "refused", 31, "refused 409\n")
    kept = retention(tmp_path)
    kept.round(NOW_S)
    stays = ["held.hold", "held.sent", "held.zip", "new.zip", "refused.sent", "refused.zip", "waits.zip"]
    assert left(tmp_path) == [*stays, "young.sent", "young.zip"]
    assert kept.second(NOW_S) == (f"{Note.WAITING}: 1", f"{Note.REFUSED}: 1")


def test_a_hold_that_is_lifted_lets_the_bundle_go(tmp_path: Path) -> None:
    bundle(tmp_path, "held", 400, ARRIVED, held=True)
    retention(tmp_path).round(NOW_S)
    (tmp_path / "held.hold").unlink()
    retention(tmp_path).round(NOW_S)
    assert left(tmp_path) == []


def test_a_bundle_that_was_really_sealed_and_really_taken_goes_by_the_time_of_the_act(tmp_path: Path) -> None:
    perception = Perception(site(), "j1", "b1")
    scene = Scene([Vehicle(drive(8.0, 11.0), 4.5)])
    (violation,) = watch(perception, scene, 14, lambda t: RED if t >= 8 else GREEN).violations
    key, folder = Ed25519PrivateKey.generate(), tmp_path / "evidence"
    sealer = EvidenceBuilder(folder, key, site=site(), node="j1", boot="b1", software="0")
    sealed = sealer.seal("v1", perception.case(violation)).path
    over_s = violation.occurred_s + DAYS * DAY_S
    retention(folder).round(over_s + 1.0)
    assert sealed.exists(), "nobody has taken it yet"
    with Muddled(("127.0.0.1", 0), _Answer) as centre:
        threading.Thread(target=centre.serve_forever, daemon=True).start()
        courier = Courier(folder, f"http://127.0.0.1:{centre.server_address[1]}", "j1", pause_s=0.02)
        courier.start()
        until(lambda: not courier.waiting())
        courier.close()
        centre.shutdown()
    retention(folder).round(over_s - 1.0)
    assert sealed.exists()
    retention(folder).round(over_s + 1.0)
    assert not sealed.exists()


def arrived(path: Path) -> Path:
    path.with_suffix(".sent").write_text(ARRIVED)
    return path


def test_each_kind_has_its_days_and_the_chain_says_that_the_node_itself_removed_what_is_gone(tmp_path: Path) -> None:
    case = red_light_case()
    maker = builder(tmp_path)
    bundles = [arrived(maker.seal(f"v-{k}", case).path) for k in (1, 2, 3)]
    for path in bundles:
        original_of(path).write_bytes(b"pictures")
    hold(bundles[1], NOW_S, who="Lan", why="court")
    kept = Retention(tmp_path, DAYS, lambda _: 0.5, {"red_light": 5, "speed": 400}, KEY)
    act_s = case.violation.occurred_s
    kept.round(act_s + 4 * DAY_S)
    assert all(path.exists() for path in bundles)
    kept.round(act_s + 6 * DAY_S)
    assert [path.exists() for path in bundles] == [False, True, False]
    assert [original_of(path).exists() for path in bundles] == [False, True, False]
    public = maker.public_key_hex

    def chain() -> tuple[str, ...]:
        return look_at_chain([look_at(path, public) for path in tmp_path.glob("*.zip")], tmp_path, public)

    assert chain() == ()
    noted = (tmp_path / REMOVED).read_bytes()
    (tmp_path / REMOVED).write_bytes(noted.replace(b'"v-3"', b'"v-9"'))
    assert "the note that v-9 was removed is not signed by the node" in chain()
    (tmp_path / REMOVED).unlink()
    assert len(chain()) == 2, "somebody has taken the first and the last"
    (tmp_path / REMOVED).write_bytes(noted + b'{"half')
    assert chain() == ()
    (tmp_path / HEAD).write_bytes(b"{")
    again = builder(tmp_path)
    assert again.seal("v-4", case).manifest.number == 4, "the place is found again from what is left"
    assert chain() == ()


def test_a_bundle_whose_kind_cannot_be_read_stays_as_long_as_any(tmp_path: Path) -> None:
    bundle(tmp_path, "odd", 31, ARRIVED)
    kept = Retention(tmp_path, DAYS, lambda _: 0.5, {"speed": 40})
    kept.round(NOW_S)
    assert (tmp_path / "odd.zip").exists()
    kept.round(NOW_S + 10 * DAY_S)
    assert not (tmp_path / "odd.zip").exists()


@pytest.mark.parametrize(("free", "told"), [(0.04, (f"{Note.FULL}: 4.0% free",)), (0.06, ())])
def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(tmp_path: Path, free: float, told: tuple[str]) -> None:
    kept = retention(tmp_path, free)
    kept.round(NOW_S)
    assert kept.second(NOW_S) == told


def test_the_box_looks_once_an_hour_and_its_health_tells_what_was_found(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    bundle(folder, "old", 31, ARRIVED)
    bundle(folder, "waits", 31)
    uplink, outbox = uplink_to_nobody(tmp_path)
    sealer = EvidenceBuilder(
        folder, Ed25519PrivateKey.generate(), site=crossroads(), node="j1", boot="b1", software="0"
    )
    kept = retention(folder, 0.01)
    node = Node(
        crossroads(),
        Steady(),
        [],
        None,
        None,
        Perception(crossroads(), "j1", "b1"),
        sealer,
        uplink,
        "0",
        retention=kept,
    )
    node.second(NOW_S)
    until(lambda: kept.second(NOW_S) != ())  # the round is over
    assert not (folder / "old.zip").exists()
    bundle(folder, "later", 31, ARRIVED)
    for second in range(1, 12):
        node.second(NOW_S + second)
    assert (folder / "later.zip").exists()
    healths = [m for letter in outbox.after(0, 100) if isinstance(m := decode(letter.payload), Health)]
    assert healths[-1].state == "degraded"
    assert healths[-1].note == f"{Note.FULL}: 1.0% free; {Note.WAITING}: 1"
    node.second(NOW_S + EVERY_S)
    until(lambda: not (folder / "later.zip").exists())
