"""Whether a cabinet does what is called, told by its lamps: with the box's own controller and the virtual cabinet."""

from __future__ import annotations

import random

import msgspec
import pytest

from nutgiao.edge.signal.call_watch import CallWatch
from nutgiao.models.contracts.words import ControlMode, ControlSource
from tests.edge.signal.test_adaptive import Corner

MODES = [mode for mode in ControlMode if mode is not ControlMode.FIXED]


def deaf_after(mode: ControlMode, seconds: int, *, ignores: bool) -> int | None:
    """Runs a junction within a plan of the centre while queues come and go; tells when it was thought deaf."""
    corner, chance = Corner(), random.Random(7)
    plan = msgspec.structs.replace(corner.plan, mode=mode)
    lanes = [lane.id for approach in corner.site.approaches for lane in approach.lanes]
    watch = CallWatch(corner.signals)
    corner.run(60, runs=False)
    for second in range(seconds):
        if second % 40 == 0:
            corner.queues = {lane: chance.randrange(0, 14) for lane in chance.sample(lanes, 2)}
        status = corner.second(plan=plan, lost=ignores)
        watch.second(float(second), msgspec.structs.replace(status, source=ControlSource.CENTRAL))
        if watch.deaf(float(second)):
            return second
        if corner.call is not None:
            watch.asked(corner.call, float(second))
    return None


@pytest.mark.parametrize("mode", MODES)
def test_a_cabinet_that_obeys_is_never_thought_deaf(mode: ControlMode) -> None:
    assert deaf_after(mode, 900, ignores=False) is None


@pytest.mark.parametrize("mode", MODES)
def test_a_cabinet_that_runs_its_plan_and_says_the_centre_s_is_found_out(mode: ControlMode) -> None:
    found = deaf_after(mode, 900, ignores=True)
    assert found is not None
    assert found < 500, "a few cycles"
