from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.signal_programs import shipped_programs
from nutgiao.simulation.tls_file import PROGRAM, in_force, write_tls
from tests.support.plan_spaces import busy_street


def test_stock_sumo_runs_the_written_plan(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    (program,) = shipped_programs(street)
    file = write_tls(tmp_path / "tls.add.xml", [replace(program, durations_s=(20.0, 3.0, 50.0, 3.0))])
    assert in_force(street, file, ["A0"]) == {"A0": PROGRAM}


def test_a_light_that_sumo_does_not_know_is_named(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    (program,) = shipped_programs(street)
    file = write_tls(tmp_path / "tls.add.xml", [program])
    with pytest.raises(SimulationFailed, match="B7"):
        in_force(street, file, ["B7"])
