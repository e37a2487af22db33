"""One SUMO run whose lights a controller sets second by second: what it sees, what it chooses, and what came of it."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nutgiao.models.contracts.errors import ConfigError, SimulationFailed
from nutgiao.models.contracts.priority import PriorityRecord
from nutgiao.simulation.code_digest import code_digest
from nutgiao.simulation.control.decision_log import LogOrder
from nutgiao.simulation.control.decisions import Decisions, decisions
from nutgiao.simulation.control.detection import module_of, sight
from nutgiao.simulation.control.diary import Diary
from nutgiao.simulation.control.guards import guards
from nutgiao.simulation.control.lights import Lights, read_lights
from nutgiao.simulation.control.radio import Hears, Radio, Ride
from nutgiao.simulation.control.requests import Requests
from nutgiao.simulation.control.stepper import Controller, Stepper
from nutgiao.simulation.light_guard import LightGuard
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.setup_runs import with_room
from nutgiao.simulation.stage_order import ChangeRule
from nutgiao.simulation.trial import Outputs, Trial, Who
from nutgiao.simulation.variant import Setup

_MATTERS = ("nutgiao.simulation", "nutgiao.models", "nutgiao.optimizer.control", "nutgiao.cli.control")
"""Whose code decides what a run is like, besides SUMO and its files."""

_ONE_AT_A_TIME = threading.Lock()
"""``libsumo`` runs one simulation a process, and a worker of a cluster may have several threads."""


ControllerMaker = Callable[[Lights], Controller]
"""Makes a controller in the process that runs SUMO. It goes there by pickle, and its `repr` tells all that it is set
to: that names the results that are kept."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How the lights are driven.

    Attributes:
        controller: makes it.
        detection: what it sees by, one of `DETECTIONS`.
        rule: amber and all-red between stages.
        least_green_s: shortest green.
        more_stages: how many further green stages of each light may be used beside the shipped ones.
        in_plan: numbers of the lights that the controller keeps to a plan, which serves everybody once a cycle.
        guarded: whether a safety guard is asked before a state is shown.
        edges: whether delays are told by edge.
        seconds: whether the stage of each second is told.
        code: digest of the code, from `loop`.
        radio: who asks for priority; None for nobody. Whether anybody hears it is the controller's.
        log: of the decisions; it changes no result, so it does not count for the name of the results that are kept.
    """

    controller: ControllerMaker
    detection: str = "perfect"
    rule: ChangeRule = ChangeRule()  # noqa: RUF009 - it is frozen
    least_green_s: float = 5.0
    more_stages: int = 0
    in_plan: tuple[int, ...] = ()
    guarded: bool = True
    edges: bool = True
    seconds: bool = False
    code: str = ""
    radio: Radio | None = None
    log: LogOrder | None = field(default=None, repr=False)


def loop(controller: ControllerMaker, code: Sequence[str], detection: str = "perfect", **more: Any) -> Loop:
    """A loop that knows the code it depends on.

    Args:
        controller: makes the controller.
        code: its modules; what they import counts, too.
        detection: one of `DETECTIONS`.
        more: as in `Loop`.

    Raises:
        ConfigError: if the detection is unknown.
    """
    return Loop(controller, detection, **more, code=code_digest([__name__, module_of(detection), *code], _MATTERS))


@dataclass(frozen=True, slots=True)
class Drive:
    """What a run was like.

    Attributes:
        trial: delay, stops, safety.
        decisions: how long the controller took.
        switches: driven light to how often it changed its stage.
        kept_shipped: lights that showed their shipped program: they have fewer than two green stages.
        refused: light to how many wishes its guard refused; those of which it refused none are left out.
        shown: light to its stage in each second, counted from its first, -1 in a change; empty if nobody asked.
        rides: of vehicles with a radio, from each request to the line.
        priority: what became of their requests; empty if the controller hears none.
    """

    trial: Trial
    decisions: Decisions
    switches: dict[str, int]
    kept_shipped: tuple[str, ...]
    refused: dict[str, int]
    shown: dict[str, tuple[int, ...]]
    rides: tuple[Ride, ...] = ()
    priority: tuple[PriorityRecord, ...] = ()


def drive(setup: Setup, seed: int, how: Loop) -> Drive:
    """Runs a scenario once, in this process.

    Args:
        setup: what to run; stuck detectors mean nothing here.
        seed: of SUMO.
        how: its lights are driven.

    Raises:
        ConfigError: if no light has two green stages, the network is broken, or the detection is not there.
        LampsRefused: if a guard refuses what has to be shown.
        SimulationFailed: if SUMO gives up, with its words, or there is no room for what it writes.
    """
    scenario = setup.scenario
    lights = read_lights(scenario, how.rule, how.least_green_s, how.more_stages)
    driven = driven_lights(scenario, lights)
    asked = guards(lights) if how.guarded else {}
    controller = how.controller(lights)
    with _ONE_AT_A_TIME:
        run, trial = with_room(lambda: _driven(setup, seed, how, lights, driven, asked, controller), setup)
    ids = [lights.ids[light] for light in driven]
    return Drive(
        trial=trial,
        decisions=decisions(np.array(run.took_s) * 1e3, len(driven)),
        switches={one: int(run.switches[light]) for one, light in zip(ids, driven, strict=True)},
        kept_shipped=tuple(one for one in lights.ids if one not in ids),
        refused={lights.ids[light]: count for light, count in sorted(run.refused.items())},
        shown={one: tuple(row) for one, row in zip(ids, run.shown, strict=True)} if how.seconds else {},
        rides=run.rides,
        priority=controller.records() if isinstance(controller, Hears) else (),
    )


def _driven(
    setup: Setup,
    seed: int,
    how: Loop,
    lights: Lights,
    driven: Sequence[int],
    asked: Mapping[int, LightGuard],
    controller: Controller,
) -> tuple[Stepper, Trial]:
    import libsumo

    scenario = setup.scenario
    with tempfile.TemporaryDirectory(prefix="nutgiao-drive-") as name:
        folder = Path(name)
        outputs, log = Outputs(folder, how.edges), folder / "sumo.log"
        told = (
            Diary(how.log, scenario, seed, how.detection, lights, driven, controller)
            if how.log
            else contextlib.nullcontext()
        )
        began_s = time.thread_time()
        try:
            libsumo.start(["sumo", *outputs.options(scenario, seed), "--error-log", str(log)])
            look = sight(how.detection, libsumo, lights, seed)
            sent = Requests(libsumo, lights, how.radio) if how.radio is not None else None
            with told as diary:
                run = Stepper(libsumo, scenario, lights, look, controller, asked, driven, diary, how.in_plan, sent)
                for _ in range(round(scenario.end_s - scenario.begin_s)):
                    run.second(how.seconds)
        except (libsumo.TraCIException, libsumo.libsumo.FatalTraCIError) as error:
            said = log.read_text(encoding="utf-8", errors="replace").strip() if log.exists() else ""
            raise SimulationFailed(f"{scenario.name}: SUMO gave up: {said or error}") from error
        finally:
            libsumo.close()
        cpu_s = time.thread_time() - began_s
        return run, outputs.read(scenario, seed, cpu_s, Who(setup.left_out, setup.line_of))


def driven_lights(scenario: Scenario, lights: Lights) -> list[int]:
    """Numbers of the lights that have a choice: at least two green stages.

    Raises:
        ConfigError: if there is none.
    """
    found = [light for light in range(len(lights.ids)) if len(lights.stages_of(light)) > 1]
    if not found:
        problem = "no light has two green stages, so there is nothing to choose."
        raise ConfigError(str(scenario.net), None, "tlLogic", problem, "Take a network with signalised junctions.")
    return found
