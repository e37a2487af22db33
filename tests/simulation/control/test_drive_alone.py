"""A driven run says the same whatever the process that asks for it has simulated before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.cli.controllers import GreedyMaker
from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.optimizer.control.pressure import Aim
from nutgiao.simulation.control.drive import loop
from nutgiao.simulation.control.drive_alone import drive_alone
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.variant import Setup
from tests.support.plan_spaces import busy_street

HOW = loop(GreedyMaker(Aim.WAVE), [], edges=False)


def test_the_same_seed_gives_the_same_run_behind_another_one(tmp_path: Path) -> None:
    setup = Setup(replace(busy_street(tmp_path), end_s=300.0))
    first = drive_alone(setup, 1, HOW)
    drive_alone(setup, 2, HOW)
    again = drive_alone(setup, 1, HOW)
    assert again.trial.delay_s == first.trial.delay_s
    assert again.switches == first.switches


def test_what_goes_wrong_in_it_is_told_in_its_words(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    broken = tmp_path / "broken.rou.xml"
    broken.write_text("<routes><trip id='a' depart='0' from='nowhere' to='left0A0'/></routes>")
    lost = Scenario(street.name, street.net, (broken,), street.begin_s, street.end_s)
    with pytest.raises(SimulationFailed, match="nowhere"):
        drive_alone(Setup(lost), 1, HOW)
