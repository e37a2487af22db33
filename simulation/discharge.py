"""Watches how lanes discharge in SUMO: every departure over a signalised lane's end, with its place in the queue.

`record` runs a scenario in a process of its own (one libsumo simulation a process); `learn` tells what it saw to
`LaneSaturation`, as a roadside box would. Times are those of SUMO's clock after a step: a lamp that is set for second g
acts on the step from g to g + 1.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import msgspec

from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.queueing.saturation_lane import LanePrior, LaneSaturation
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_command

CRAWLING_MPS = 3.0
"""Who crosses slower than this from the third place on is held up beyond the line, and so is all behind him."""


class Departure(msgspec.Struct, frozen=True, array_like=True):
    """One front over the end of a lane.

    Attributes:
        time_s: instant, interpolated within the step.
        vehicle_class: of the vehicle.
        turn: SUMO's letter of the direction.
        letter: what its link showed: G has right of way, g gives way, y is amber.
        place: in the queue that stood when the lane's green began, 1 first; 0 for others.
        speed_mps: in the step of the crossing.
    """

    time_s: float
    vehicle_class: VehicleClass
    turn: str
    letter: str
    place: int
    speed_mps: float


class Green(msgspec.Struct, array_like=True):
    """One green of a lane, from the first of its links that gets it to the last that loses it.

    Attributes:
        start_s: first second of green.
        amber_s: end of green.
        red_s: end of amber.
        stood: vehicles that stood in the queue at its start.
        left: how many of them still wait at ``red_s``.
        departures: in their order.
    """

    start_s: float
    amber_s: float = math.nan
    red_s: float = math.nan
    stood: int = 0
    left: int = 0
    departures: list[Departure] = msgspec.field(default_factory=list)


class DischargeJob(msgspec.Struct, frozen=True):
    """What to run: SUMO's options, the end, and the file for the greens."""

    options: list[str]
    end_s: float
    out: str


def record(scenario: Scenario, seed: int = 1) -> dict[str, list[Green]]:
    """Runs a scenario and keeps every complete green of every signalised lane.

    Args:
        scenario: without sublanes: one queue a lane.
        seed: of SUMO.

    Raises:
        SimulationFailed: if SUMO gives up; carries its message.
    """
    with tempfile.TemporaryDirectory(prefix="nutgiao-discharge-") as name:
        job, out = Path(name) / "job.json", Path(name) / "greens.json"
        job.write_bytes(msgspec.json.encode(DischargeJob(sumo_options(scenario, seed), scenario.end_s, str(out))))
        run_command([sys.executable, "-m", "nutgiao.simulation.discharge_run", str(job)], scenario.name)
        return msgspec.json.decode(out.read_bytes(), type=dict[str, list[Green]])


def learn(greens: list[Green], prior: LanePrior | None = None, learner: LaneSaturation | None = None) -> LaneSaturation:
    """Tells a lane's greens to an estimator.

    Only who had right of way and stood in the queue counts; the queue ends, as far as saturation goes, with the first
    who gives way, was not in it, or crawls because the way beyond the line is full.

    Args:
        greens: in their order.
        prior: of a new estimator.
        learner: one that has learnt before, instead.
    """
    learner = learner or LaneSaturation(prior)
    for green in greens:
        learner.green(green.start_s)
        amber = False
        for one in green.departures:
            if one.time_s > green.amber_s and not amber:
                learner.amber(green.amber_s)
                amber = True
            held_up = one.place > 2 and one.speed_mps < CRAWLING_MPS
            queued = one.place > 0 and one.letter in "Gy" and not held_up
            learner.departure(one.time_s, one.vehicle_class, queued, one.place if queued else None)
        if not amber:
            learner.amber(green.amber_s)
        learner.red(queue_left=green.left > 0)
    return learner
