from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nutgiao.simulation.conflicts import read_conflicts
from nutgiao.simulation.queue_model import read_queue_scenario
from nutgiao.simulation.rearrange import rearranged, resignalled
from nutgiao.simulation.signal_programs import write_programs
from nutgiao.simulation.stage_order import ChangeRule, arranged, light_of
from tests.support.plan_spaces import street_with_needless_stages


def test_new_signal_tables_give_what_reading_the_scenario_again_gives(tmp_path: Path) -> None:
    street = street_with_needless_stages(tmp_path)
    queue = read_queue_scenario(street)
    light = light_of(queue.street.programs[0], read_conflicts(street)["A0"])
    for order in ((0, 2), (0, 3, 2, 1), (0, 1, 2, 3)):
        program = arranged(light, order, ChangeRule(3, 1)).program
        other = rearranged(queue, [program])
        quick = resignalled(queue.model(), other)
        file = write_programs(tmp_path / "other.add.xml", [program])
        fresh = read_queue_scenario(replace(street, additional=(file,)))
        stage_s, offset_s = fresh.plan({})
        for model in (quick, other.model()):
            told = model.evaluate([stage_s], [offset_s], seeds=3).delay_s
            assert np.array_equal(told, fresh.model().evaluate([stage_s], [offset_s], seeds=3).delay_s)
