"""Plan spaces by chance, and a small street whose lights can be optimised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from nutgiao.models.plan_space import PlanSpace
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_tool
from tests.support.junction_nets import NORTH_IN, SOUTH_OUT, junction, scenario, vehicle


@st.composite
def spaces(draw: st.DrawFn) -> PlanSpace:
    """One to four lights with one to five stages each; a light may have no green at all."""
    ptr, green, shipped, least, most = [0], [], [], [], []
    for _ in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 5))):
            is_green = draw(st.booleans())
            length = float(draw(st.integers(3, 60)))
            low = min(float(draw(st.integers(1, 8))), length)
            green.append(is_green)
            shipped.append(length)
            least.append(low if is_green else length)
            most.append(max(length, 90.0) if is_green else length)
        ptr.append(len(green))
    lights = len(ptr) - 1
    return PlanSpace(
        lights=tuple(f"light {n}" for n in range(lights)),
        stage_ptr=np.array(ptr),
        shipped_stage_s=np.array(shipped),
        shipped_offset_s=np.array([float(draw(st.integers(0, 50))) for _ in range(lights)]),
        green=np.array(green, np.bool_),
        least_s=np.array(least),
        most_s=np.array(most),
        least_cycle_s=float(draw(st.integers(10, 60))),
        most_cycle_s=float(draw(st.integers(60, 240))),
    )


def busy_street(folder: Path) -> Scenario:
    """Ten minutes at one junction: 150 vehicles from the west, 30 from the north; shipped are equal greens."""
    west = [(4.0 * n, vehicle(f"w{n}", 4 * n)) for n in range(150)]
    north = [(20.0 * n, vehicle(f"n{n}", 20 * n, f"{NORTH_IN} {SOUTH_OUT}")) for n in range(30)]
    made = scenario(junction(folder), *(text for _, text in sorted(west + north)), end_s=600.0)
    return replace(made, name="busy")


NEEDLESS_STAGE = (("GGgrrrGGgrrr", 30.0), ("rrGrrrrrGrrr", 12.0), ("rrrGGgrrrGGg", 30.0), ("rrrrrGrrrrrG", 12.0))
"""Green stages, two of them for left turns that nobody makes here and that may give way in another stage anyway."""


def street_with_needless_stages(folder: Path) -> Scenario:
    """The busy street with a program of four green stages, of which two serve nobody."""
    street = busy_street(folder)
    logic = ['<tlLogic id="A0" type="static" programID="long" offset="0">']
    for state, green_s in NEEDLESS_STAGE:
        amber = state.replace("G", "y").replace("g", "y")
        logic += [f'<phase duration="{green_s}" state="{state}"/>', f'<phase duration="4" state="{amber}"/>']
    path = folder / "long.add.xml"
    path.write_text(f"<additional>{''.join(logic)}</tlLogic></additional>", encoding="utf-8")
    return replace(street, additional=(path,))


def street_with_crossings(folder: Path) -> Scenario:
    """The busy street with sidewalks and a crossing on each arm."""
    busy = busy_street(folder)
    net = folder / "crossings.net.xml"
    options = ["--sumo-net-file", str(busy.net), "--sidewalks.guess", "--crossings.guess", "--no-turnarounds"]
    run_tool("netconvert", [*options, "--output-file", str(net)], net.name)
    return replace(busy, net=net)
