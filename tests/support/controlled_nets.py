"""Small streets for lights that are set second by second, and controllers that do as they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_tool
from tests.support.junction_nets import scenario, square, vehicle, write


@dataclass
class Told:
    """Wishes a stage of the first light each second, the last one for ever; others keep theirs."""

    stages: Sequence[int]
    second: int = 0

    def choose(self, _seen: Seen, showing: Showing) -> I4:
        wished = showing.stage.copy()
        wished[0] = self.stages[min(self.second, len(self.stages) - 1)]
        self.second += 1
        return wished.astype(np.int32)


@dataclass(frozen=True)
class TellStages:
    """Makes one of them."""

    stages: tuple[int, ...]

    def __call__(self, _lights: Lights) -> Told:
        return Told(self.stages)


def street_with_odd_lights(folder: Path) -> Scenario:
    """Four junctions in a square: A1 has one green stage, B0 flashes, A0 and B1 have two green stages each."""
    net = square(folder)
    letters = {"A1": "GGGGGGGGGGGG", "B0": "oooooooooooo"}
    programs = write(
        folder / "odd.add.xml",
        f'<tlLogic id="A1" type="static" programID="odd" offset="0"><phase duration="20" state="{letters["A1"]}"/>'
        f'<phase duration="3" state="{"y" * 12}"/><phase duration="7" state="{"r" * 12}"/></tlLogic>',
        f'<tlLogic id="B0" type="static" programID="odd" offset="0"><phase duration="60" state="{letters["B0"]}"/>'
        "</tlLogic>",
        root="additional",
    )
    ways = ("left0A0 A0B0 B0right0", "left1A1 A1B1 B1right1", "bottom0A0 A0A1 A1top0")
    vehicles = [vehicle(f"v{n}", 2 * n, ways[n % 3]) for n in range(60)]
    return replace(scenario(net, *vehicles, end_s=120.0), additional=(programs,))


def street_with_crossings(folder: Path) -> Scenario:
    """One junction whose arms have crossings, with vehicles from the west only."""
    net = folder / "crossings.net.xml"
    options = ["--grid", "--grid.number", "1", "--grid.length", "200", "--grid.attach-length", "200"]
    options += ["--tls.set", "A0", "--sidewalks.guess", "--crossings.guess", "--no-turnarounds"]
    run_tool("netgenerate", [*options, "--output-file", str(net)], net.name)
    return scenario(net, *[vehicle(f"w{n}", 4 * n) for n in range(70)], end_s=300.0)
