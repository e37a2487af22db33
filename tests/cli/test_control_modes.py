"""`nutgiao control` within the shipped programs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.cli.control_run import Wish, pose
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.words import ControlMode
from nutgiao.simulation.control.drive import Drive, drive
from nutgiao.simulation.signal_programs import shipped_programs, write_programs
from nutgiao.simulation.stage_order import ChangeRule
from tests.cli.test_control import control, summary
from tests.cli.test_whatif import configured
from tests.support.plan_spaces import busy_street


def wish(controller: str, mode: str | None = None, **more: int) -> Wish:
    return Wish(controller, "perfect", ChangeRule(), 5, mode=mode, **more)


def test_a_controller_runs_in_its_usual_mode_if_nobody_says_another(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    for controller, mode, more in (("horizon", "free", 6), ("actuated", "free", 0), ("fixed", "fixed", 0)):
        task = pose(street, wish(controller), tmp_path)
        assert (task.mode, task.how.more_stages) == (mode, more)
        assert task.how.in_plan == (() if mode == "free" else (0,))


def test_in_a_plan_only_shipped_stages_are_used_unless_somebody_asks_for_more(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    assert pose(street, wish("horizon", "cycle"), tmp_path).how.more_stages == 0
    assert pose(street, wish("horizon", "cycle", more_stages=2), tmp_path).how.more_stages == 2


@pytest.mark.parametrize(
    ("controller", "mode", "said"),
    [
        ("fixed", "free", r"--mode.*fixed cannot run in mode 'free'.*Give fixed or leave it out"),
        ("fixed", "coordinated", r"fixed cannot run in mode 'coordinated'"),
        ("horizon", "fixed", r"horizon cannot run in mode 'fixed'.*Give free or cycle or coordinated"),
        ("actuated", "green", r"no mode 'green'.*Give one of fixed, cycle, coordinated, free"),
        ("webster", "free", r"no controller 'webster'.*horizon, max-pressure, max-wave, actuated, fixed"),
    ],
)
def test_what_does_not_go_together_is_refused(controller: str, mode: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.compile(said, re.DOTALL)):
        pose(busy_street(tmp_path), wish(controller, mode), tmp_path)


def test_a_light_whose_program_makes_no_frame_says_so_and_runs_free(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    (program,) = shipped_programs(street)
    twice = replace(program, durations_s=program.durations_s * 2, states=program.states * 2)
    street = replace(street, additional=(write_programs(tmp_path / "twice.add.xml", [twice]),), end_s=60.0)
    task = pose(street, wish("horizon", "coordinated"), tmp_path)
    assert "light A0 runs free, not in a plan: its plan shows a stage twice a cycle" in task.notes
    assert (task.mode, task.how.in_plan) == (ControlMode.COORDINATED, ())
    free = pose(street, wish("horizon", more_stages=0), tmp_path)
    runs = [drive(one.setup, 1, replace(one.how, seconds=True)) for one in (task, free)]
    assert isinstance(runs[0], Drive)
    assert runs[0].shown == runs[1].shown
    assert pose(street, wish("fixed"), tmp_path).how.in_plan == (0,)


def test_the_summary_and_the_page_tell_the_mode(tmp_path: Path) -> None:
    config, out = configured(tmp_path, end_s=120.0), tmp_path / "out"
    assert control(config, out, "--controller", "actuated", "--mode", "coordinated", seeds="1") == 0
    found = summary(out)
    assert found["mode"] == "coordinated"
    assert "Under actuated in mode coordinated with perfect detection" in found["verdict"]
    assert "mode coordinated" in (out / "report.html").read_text()
