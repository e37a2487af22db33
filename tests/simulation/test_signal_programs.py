from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import (
    SignalProgram,
    controlled_lanes,
    shipped_programs,
    with_timings,
    write_programs,
)
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements
from tests.support.junction_nets import junction, scenario, vehicle, write

LINKS = 12


@pytest.fixture
def street(tmp_path: Path) -> Scenario:
    return scenario(junction(tmp_path), vehicle("v", 0))


def shown(street: Scenario, folder: Path, programs: list[SignalProgram]) -> dict[float, str]:
    """The state that SUMO shows in the step that begins at each second."""
    out = folder / "states.xml"
    watch = write(
        folder / "watch.add.xml", f'<timedEvent type="SaveTLSStates" source="A0" dest="{out}"/>', root="additional"
    )
    extra = (*([write_programs(folder / "programs.add.xml", programs)] if programs else []), watch)
    run_tool("sumo", sumo_options(replace(street, additional=(*street.additional, *extra)), 1), street.name)
    return {float(one.attrib["time"]): one.attrib["state"] for one in elements(out) if one.tag == "tlsState"}


def test_the_shipped_program_is_read(street: Scenario) -> None:
    (program,) = shipped_programs(street)
    assert (program.id, program.offset_s, program.durations_s) == ("A0", 0.0, (42.0, 3.0, 42.0, 3.0))
    assert program.states[0] == "GGgrrrGGgrrr"


@pytest.mark.parametrize(("offset_s", "begin_s"), [(0, 0), (10, 0), (10, 25_207), (55, 13), (130, 40)])
def test_a_stage_follows_from_time_minus_offset_so_a_positive_offset_is_later(
    street: Scenario, tmp_path: Path, offset_s: int, begin_s: int
) -> None:
    #   time - offset   0                20   23                  53  60   (cycle 60)
    #   stage           |  0: NS green   | 1  |  2: WE green      | 3 |
    street = replace(street, begin_s=float(begin_s), end_s=begin_s + 130.0)
    (program,) = with_timings(shipped_programs(street), {"A0": (offset_s, np.array([20, 3, 30, 7]))})
    states = shown(street, tmp_path, [program])
    ends = np.cumsum(program.durations_s)
    expected = {
        float(t): program.states[int(np.searchsorted(ends, (t - offset_s) % 60, side="right"))]
        for t in range(begin_s, begin_s + 130)
    }
    assert states == expected


def test_the_program_loaded_last_is_the_one_shipped(street: Scenario, tmp_path: Path) -> None:
    later = [
        f'<tlLogic id="A0" programID="{name}" type="static" offset="0"><phase duration="{duration_s}" '
        f'state="{"G" * LINKS}"/><phase duration="9" state="{"r" * LINKS}"/></tlLogic>'
        for name, duration_s in (("one", 11), ("two", 22))
    ]
    street = replace(street, additional=(write(tmp_path / "later.add.xml", *later, root="additional"),))
    (program,) = shipped_programs(street)
    assert program.durations_s == (22.0, 9.0)
    states = shown(street, tmp_path, [])
    assert (states[21.0], states[22.0]) == ("G" * LINKS, "r" * LINKS)


def test_programs_whose_phases_jump_are_refused(street: Scenario, tmp_path: Path) -> None:
    jumping = '<tlLogic id="A0" programID="x" type="static"><phase duration="9" state="G" next="0 1"/></tlLogic>'
    with pytest.raises(ConfigError, match=r"x\.add\.xml at 'tlLogic A0': its phases jump"):
        shipped_programs(replace(street, additional=(write(tmp_path / "x.add.xml", jumping, root="additional"),)))


@pytest.mark.parametrize("timings", [{"A0": (0, np.array([20, 3]))}, {"B7": (0, np.array([20, 3, 30, 7]))}])
def test_timings_of_another_network_are_refused(street: Scenario, timings: dict[str, tuple[int, np.ndarray]]) -> None:
    with pytest.raises(ValueError, match=r"traffic light (A0|B7) has [04] stages, the timings have [24]"):
        with_timings(shipped_programs(street), timings)


def test_lanes_that_end_at_the_signal_are_told(street: Scenario) -> None:
    assert controlled_lanes(street) == ["bottom0A0_0", "left0A0_0", "right0A0_0", "top0A0_0"]
