from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nutgiao.models.queueing.network.physics import Settings
from nutgiao.simulation.learn import Heard, learn
from nutgiao.simulation.queue_model import read_queue_scenario
from tests.support.plan_spaces import busy_street


def test_a_kernel_learns_that_drivers_are_slower_than_it_thought(tmp_path: Path) -> None:
    queue = read_queue_scenario(busy_street(tmp_path))
    stage, offset = queue.plan({})
    stages = np.array(
        [stage + np.array([a, 0.0, b, 0.0]) for a, b in ((0, 0), (-20, 20), (-10, 0), (-25, -10), (-30, -20))]
    )
    offsets = np.repeat(offset[None], len(stages), 0)
    slow = queue.model(replace(Settings(), headway=1.3 * Settings().headway))
    told = slow.evaluate(stages, offsets).delay_s[:, 0]
    before = queue.model().evaluate(stages, offsets).delay_s[:, 0]
    after = queue.model(learn(queue, Heard(stages, offsets, told), 1, 150)).evaluate(stages, offsets).delay_s[:, 0]
    assert np.abs(after / told - 1).mean() < 0.5 * np.abs(before / told - 1).mean()
