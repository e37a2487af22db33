"""Neighbouring boxes tell each other who is on the way; late, lost or foreign words change nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from nutgiao.cli.edge_chooser import HorizonChooser
from nutgiao.configs.loader import load_site
from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.perception import SecondResult
from nutgiao.edge.signal.adaptive import Adaptive
from nutgiao.edge.signal.announce import STALE_S, Announcer, Neighbours, travel_s
from nutgiao.edge.uplink.outbox import Outbox
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.messages import Announcement, Arrival, Health, decode, encode
from nutgiao.models.contracts.topics import Channel
from nutgiao.models.contracts.words import Turn, VehicleClass
from nutgiao.models.queueing.junction.site import site_tables
from nutgiao.models.queueing.junction.site_rows import PERSONS
from nutgiao.models.queueing.shares import Shares
from tests.support.brokers import running

NOW_S = 1_795_496_400.0


def crossing(approach: str, lane: str, kind: VehicleClass = VehicleClass.MOTORCYCLE) -> Crossing:
    return Crossing(NOW_S - 0.5, approach, lane, "t", kind, 6.0)


def announcer(node: str) -> Announcer:
    site = load_site(f"demo-{node}")
    tables = site_tables(site)

    def shares(lane: int) -> Shares:
        return Shares([3.0 if tables.movements[k].turn is Turn.THROUGH else 1.0 for k in tables.links_of(lane)])

    return Announcer(site, tables, shares)


def message(node: str, *arrivals: Arrival, at_s: float = NOW_S, life_s: float = 10.0) -> Announcement:
    return Announcement(id="i", node=node, boot="b", seq=1, time_s=at_s, expires_s=at_s + life_s, arrivals=arrivals)


def bus(to: str = "j2", in_s: float = 15.0) -> Arrival:
    return Arrival(to=to, at_s=NOW_S + in_s, mcu=10.5, persons=25.0)


def test_who_drives_on_is_announced_to_the_neighbour_on_that_leg_for_when_he_can_be_there() -> None:
    told = announcer("j1").tell([crossing("west", "west_2"), crossing("west", "west_2")])
    way_s = travel_s(load_site("demo-j1").approach("east"))
    assert [(one.to, one.at_s) for one in told] == [("j2", round(NOW_S - 0.5 + way_s))]
    assert told[0].mcu == pytest.approx(2.0)
    assert decode(encode(message("j1", *told))) == message("j1", *told)
    assert told[0].persons == pytest.approx(2 * PERSONS[VehicleClass.MOTORCYCLE])


def test_a_lane_that_leads_to_two_legs_announces_the_share_of_each() -> None:
    (told,) = announcer("j2").tell([crossing("north", "north_2", VehicleClass.BUS)])  # left to j3, through to nobody
    assert (told.to, told.mcu) == ("j3", pytest.approx(10.5 / 4.0, abs=0.01))


def test_who_leaves_towards_nobody_is_not_announced() -> None:
    assert announcer("j1").tell([crossing("east", "east_2"), crossing("north", "north_1")]) == ()


def test_an_announced_bus_comes_before_it_is_in_view() -> None:
    site = load_site("demo-j2")
    tables = site_tables(site)
    adaptive = Adaptive(site, tables, HorizonChooser(tables))
    nothing = SecondResult((), (), (), {})
    before = adaptive.sight.look(NOW_S, nothing, ())
    assert len(before.lane) == 0
    adaptive.neighbours.hear(message("j1", bus()), NOW_S)
    seen = adaptive.sight.look(NOW_S, nothing, ())
    assert seen.arrive_s[0] == pytest.approx(15.0)
    assert seen.weight.sum() == pytest.approx(25.0)
    assert tables.movements[int(seen.link[0])].approach == 0
    again = adaptive.sight.look(NOW_S + 1.0, nothing, ())
    assert (again.lane[0], again.link[0], again.arrive_s[0]) == (seen.lane[0], seen.link[0], pytest.approx(14.0))
    # Nearer than the end of the view it must be seen: what nobody sees has not come.
    assert len(adaptive.sight.look(NOW_S + 8.0, nothing, ()).lane) == 0


@pytest.mark.parametrize(
    "said",
    [
        message("j3", bus()),
        message("stranger", bus()),
        message("j1", bus(to="j9")),
        message("j1", bus(), at_s=NOW_S - 60.0),
        message("j1", bus(in_s=-3.0)),
        message("j1", bus(in_s=9000.0)),
        message("j1", Arrival(to="j2", at_s=NOW_S + 9.0, mcu=1e9, persons=1.0)),
        message("j1", Arrival(to="j2", at_s=NOW_S + 9.0, mcu=1.0, persons=-1e9)),
    ],
)
def test_what_is_foreign_old_or_beyond_belief_is_not_expected(said: Announcement) -> None:
    neighbours = Neighbours(load_site("demo-j2"))
    neighbours.hear(said, NOW_S)
    assert neighbours.coming("west", NOW_S) == []
    assert [one.mcu for one in neighbours.coming("east", NOW_S)] == ([10.5] if said.node == "j3" else [])


def test_a_neighbour_that_falls_silent_is_named_and_not_relied_on() -> None:
    neighbours = Neighbours(load_site("demo-j2"))
    assert neighbours.stale(NOW_S) == ("j1", "j3")
    neighbours.hear(message("j1"), NOW_S)
    assert neighbours.stale(NOW_S) == ("j3",)
    assert neighbours.fresh("west", NOW_S + STALE_S - 1.0)
    assert neighbours.stale(NOW_S + STALE_S) == ("j1", "j3")


def test_when_the_clock_is_set_back_a_dead_neighbour_is_stale_and_a_live_one_is_heard_at_once() -> None:
    neighbours = Neighbours(load_site("demo-j2"))
    neighbours.hear(message("j1", bus()), NOW_S)
    back_s = NOW_S - 1000.0
    assert not neighbours.fresh("west", back_s)
    assert neighbours.coming("west", back_s) == []
    neighbours.hear(message("j1"), back_s)
    assert neighbours.fresh("west", back_s)
    assert not neighbours.fresh("west", back_s + STALE_S)


def until(true: Callable[[], bool], timeout_s: float = 60.0) -> None:
    give_up = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["iotcore", "mosquitto"])
def test_over_a_real_broker_only_the_neighbour_listens_and_the_letters_have_no_gap(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as broker:
        url = BrokerUrl("127.0.0.1", broker.port)
        boxes = {
            node: Uplink(url, "town", node, "b", Outbox(tmp_path / f"{node}.sqlite"), NOW_S, listens)
            for node, listens in {"j1": ("j2",), "j2": ("j1", "j3"), "j3": ("j2",)}.items()
        }
        centre: list[object] = []
        heard = threading.Event()
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="ear")
        client.on_message = lambda _, __, packet: (centre.append(decode(packet.payload)), heard.set())
        client.connect("127.0.0.1", broker.port)
        client.subscribe("nutgiao/#", qos=1)
        client.loop_start()
        boxes["j1"].announce((bus(),), NOW_S, 10.0)  # nobody is connected yet: it is gone, and nothing waits on disk
        assert boxes["j1"].spooled == 0
        for box in boxes.values():
            box.start()
        until(lambda: all(box.up for box in boxes.values()))
        boxes["j1"].announce((bus(),), NOW_S, 10.0)
        boxes["j1"].send(Channel.HEALTH, Health, NOW_S, 30.0, state="online")
        boxes["j1"].flush(lambda: False)
        found: list[Announcement] = []
        until(lambda: bool(found.extend(boxes["j2"].announced()) or found))
        assert [(one.node, one.arrivals) for one in found] == [("j1", (bus(),))]
        assert boxes["j3"].announced() == []
        until(lambda: len(centre) >= 2)
        assert [one.seq for one in centre if isinstance(one, Health)] == [1]
        for box in boxes.values():
            box.close(NOW_S, lambda: True)
        client.disconnect()
        client.loop_stop()
