"""Who belongs to an approach: somebody who has left does not come back by jitter and is told of once."""

from __future__ import annotations

from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.words import ViolationKind
from tests.support.scenes import RED, Pinhole, Scene, Vehicle, brake, site, watch


def test_a_rider_who_stops_far_beyond_the_line_crossed_it_once() -> None:
    behind = Pinhole(x_m=80.0, downstream=True)
    place = site(pinhole=behind)
    rider = Vehicle(brake(8.0, stops_at_m=-35.0, at_s=16.0))
    scene = Scene([rider], pinhole=behind, noise_px=1.0, seen_m=(-60.0, 60.0))
    told = watch(Perception(place, node="j1", boot="b"), scene, seconds=60, lamp=lambda t: RED, fps=6.0)
    assert len(told.crossings) == 1
    assert [violation.kind for violation in told.violations] == [ViolationKind.RED_LIGHT]
