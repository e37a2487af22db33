"""What leaves the corridor's mixed queues is written down once and taught to the estimator."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import Indication, VehicleClass
from nutgiao.models.queueing.saturation_stream import StreamSaturation
from nutgiao.simulation.discharge_street import Stream, StreetWatch, learn_stream
from nutgiao.simulation.street import Street
from tests.simulation.conftest import Open

GREEN_S, AMBER_S, RED_S = 60, 100, 103


def watched(street: Street, sites: dict[str, Site]) -> StreetWatch:
    """Red for a minute, then 40 s of green for the main road of j1."""
    watch = StreetWatch(street, sites, least_queue=3)
    for second in range(120):
        for name, junction in street.junctions.items():
            main = Indication.RED
            if GREEN_S <= second < RED_S:
                main = Indication.GREEN if second < AMBER_S else Indication.AMBER
            street.show(name, dict.fromkeys(junction.groups, Indication.RED) | {"main": main})
        for _ in range(2):
            watch.observe(street.step())
    return watch


@pytest.fixture
def west(open_street: Open, sites: dict[str, Site]) -> Stream:
    """60 motorcycles and 12 cars wait from the west at j1; a straggler comes long after them."""
    kinds = ["car" if n % 6 == 3 else "motorcycle" for n in range(72)]
    riders = [(f"W_{n}", kind, 0.5 * n, "W_j1 j1_j2") for n, kind in enumerate(kinds)]
    with open_street(*riders, ("late", "motorcycle", 45.0, "W_j1 j1_j2")) as street:
        watch = watched(street, sites)
    return next(one for one in watch.streams if (one.node, one.approach, one.group) == ("j1", "west", "main"))


def test_everyone_departs_once(west: Stream) -> None:
    (green,) = west.greens
    kinds = Counter(one.vehicle_class for one in green.departures)
    assert kinds == {VehicleClass.MOTORCYCLE: 61, VehicleClass.CAR: 12}
    times = np.array([one.time_s for one in green.departures])
    assert (np.diff(times) >= 0).all()
    assert west.width_m == 6.4
    assert (times > green.start_s).all()


def test_the_tail_and_the_straggler_do_not_count_as_saturated(west: Stream) -> None:
    (green,) = west.greens
    busy = [one.place for one in green.departures]
    assert sum(busy) > 50
    assert busy == sorted(busy, reverse=True)
    assert busy[-1] == 0


def test_one_green_moves_the_belief_within_what_is_known_of_such_streets(west: Stream) -> None:
    learner = StreamSaturation(west.width_m)
    learn_stream(west.greens, learner)
    report = learner.report()
    assert report.departures > 50
    assert 1500.0 < report.saturation_mcu_h_m.value < 2600.0


def test_streams_of_all_approaches_are_told_apart(open_street: Open, sites: dict[str, Site]) -> None:
    with open_street(("W_0", "car", 0.0, "W_j1 j1_j2")) as street:
        streams = StreetWatch(street, sites).streams
    assert len({(one.node, one.approach, one.group) for one in streams}) == len(streams) == 14
    assert {one.width_m for one in streams if one.group == "main_left"} == {3.2}
