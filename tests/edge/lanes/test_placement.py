"""Who belongs to an approach: somebody who has left does not come back by jitter and is told of once."""

from __future__ import annotations

import pytest

from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.words import ViolationKind
from tests.support.scenes import GREEN, RED, Pinhole, Scene, Vehicle, approach, brake, site, watch


def test_a_rider_who_stops_far_beyond_the_line_crossed_it_once() -> None:
    behind = Pinhole(x_m=80.0, downstream=True)
    place = site(pinhole=behind)
    rider = Vehicle(brake(8.0, stops_at_m=-35.0, at_s=16.0))
    scene = Scene([rider], pinhole=behind, noise_px=1.0, seen_m=(-60.0, 60.0))
    told = watch(Perception(place, node="j1", boot="b"), scene, seconds=60, lamp=lambda t: RED, fps=6.0)
    assert len(told.crossings) == 1
    assert [violation.kind for violation in told.violations] == [ViolationKind.RED_LIGHT]


@pytest.mark.parametrize(("length_m", "told_of"), [(200.0, [ViolationKind.WRONG_WAY]), (25.0, [])])
def test_who_drives_behind_the_upstream_junction_is_not_on_the_approach(
    length_m: float, told_of: list[ViolationKind]
) -> None:
    """Another road that bends across the prolongation is driven either way, and lawfully."""
    place = site(approach(length_m=length_m))
    rider = Vehicle(lambda t: 26.0 + 4.0 * t, 2.0, wrong_way=True)
    told = watch(Perception(place, node="j1", boot="b"), Scene([rider], noise_px=1.0), 12, lambda t: GREEN, fps=6.0)
    assert [violation.kind for violation in told.violations] == told_of
