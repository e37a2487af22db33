"""The files of an optimisation: checkpoint, plan and summary as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nutgiao.cli.optimize_problem import Problem
from nutgiao.cli.optimize_select import SHIPPED, Bench
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.intervals import interval
from nutgiao.optimizer.search.moves import Plan
from nutgiao.optimizer.search.search import Standings

if TYPE_CHECKING:
    from nutgiao.cli.optimize_run import Budget, Finding

FORMAT = 1
_START_ANEW = "Remove it or give --fresh to start anew."

LOSS_S = 2.0
"""An approach loses if each of its vehicles is delayed by so much more, on every count beyond chance."""


@dataclass(slots=True)
class Checkpoint:
    """Where a search stands.

    Attributes:
        part: 0 with one cycle for all, 1 with free cycles, 2 done.
        standings: between two rounds.
        spent_s: of the limit of time.
    """

    part: int
    standings: Standings
    spent_s: float


def write_checkpoint(path: Path, problem: Problem, state: Checkpoint) -> None:
    """Writes a checkpoint, at once, so that a broken-off run leaves the one before."""
    pool = [{"cost_s": cost, **_arrays(plan)} for cost, plan in state.standings.pool]
    body = {
        "format": FORMAT, "fingerprint": problem.fingerprint, "part": state.part, "spent_s": state.spent_s,
        "round": state.standings.round, "runs": state.standings.runs, "pool": pool,
    }  # fmt: skip
    half = path.with_suffix(".part")
    half.write_text(json.dumps(body), encoding="utf-8")
    half.replace(path)


def read_checkpoint(path: Path, problem: Problem) -> Checkpoint | None:
    """Reads a checkpoint; None if there is none.

    Raises:
        ConfigError: if it is broken or of another problem.
    """
    if not path.exists():
        return None
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise ConfigError(str(path), None, "format", f"is {body['format']}, not {FORMAT}.", _START_ANEW)
        if body["fingerprint"] != problem.fingerprint:
            problem_text = "is of another scenario, or of other wishes."
            raise ConfigError(str(path), None, "fingerprint", problem_text, _START_ANEW)
        pool = [(float(one["cost_s"]), plan_of(one)) for one in body["pool"]]
        standings = Standings(int(body["round"]), int(body["runs"]), pool)
        state = Checkpoint(int(body["part"]), standings, float(body["spent_s"]))
    except (ValueError, KeyError, TypeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigError(str(path), None, "", f"is no whole checkpoint: {what}.", _START_ANEW) from error
    sizes = {(len(plan.stage_s), len(plan.offset_s)) for _, plan in state.standings.pool}
    if sizes - {(len(problem.space.shipped_stage_s), len(problem.space.lights))}:
        raise ConfigError(str(path), None, "pool", "its plans have another number of stages.", _START_ANEW)
    return state


def plan_of(body: dict[str, Any]) -> Plan:
    """A plan from its figures."""
    return Plan(np.array(body["stage_s"], np.float64), np.array(body["offset_s"], np.float64))


def _arrays(plan: Plan) -> dict[str, list[float]]:
    return {"stage_s": plan.stage_s.tolist(), "offset_s": plan.offset_s.tolist()}


def plan_body(problem: Problem, plan: Plan, *, proposed: bool) -> dict[str, Any]:
    """What ``plan.json`` says; `README.md` of the optimizer tells its fields."""
    lights = []
    for light, program in enumerate(problem.signal_programs(plan)):
        stages = problem.space.stages_of(light)
        shipped = problem.programs[light]
        lights.append(
            {
                "id": program.id,
                "cycle_s": float(sum(program.durations_s)),
                "offset_s": program.offset_s,
                "stages": [
                    {"state": state, "duration_s": duration_s, "shipped_s": was_s, "adjustable": bool(green)}
                    for state, duration_s, was_s, green in zip(
                        program.states, program.durations_s, shipped.durations_s, problem.space.green[stages],
                        strict=True,
                    )
                ],
            }
        )  # fmt: skip
    return {"format": FORMAT, "scenario": problem.scenario.name, "proposed": proposed, "lights": lights}


def figures(bench: Bench, name: str, seeds: tuple[int, ...]) -> dict[str, Any]:
    """Delays, stops and safety of a plan on some seeds."""
    trials = [bench.trials[name][seed] for seed in seeds if seed in bench.trials.get(name, {})]
    if not trials:
        return {"seeds": [], "delay_s": None}
    delay, stops = interval([one.delay_s for one in trials]), interval([one.stops for one in trials])
    return {
        "seeds": [one.seed for one in trials],
        "delay_s": {"mean": delay.mean, "low": _finite(delay.low), "high": _finite(delay.high)},
        "delay_by_seed_s": [one.delay_s for one in trials],
        "worst_seed_delay_s": max(one.delay_s for one in trials),
        "waiting_to_enter_s": float(np.mean([one.depart_delay_s for one in trials])),
        "stops": {"mean": stops.mean, "low": _finite(stops.low), "high": _finite(stops.high)},
        "scheduled": trials[0].scheduled,
        "arrived": float(np.mean([one.arrived for one in trials])),
        "collisions": sum(one.collisions for one in trials),
        "emergency_brakings": sum(one.emergency_brakings for one in trials),
        "gridlocked_seeds": [one.seed for one in trials if one.gridlocked],
    }


def losers(bench: Bench, name: str, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """Edges whose vehicles are delayed more than under the shipped plan, beyond chance; the worst sum first."""
    ours, shipped = bench.trials.get(name, {}), bench.trials[SHIPPED]
    both = [seed for seed in seeds if seed in ours and seed in shipped]
    found = []
    for edge in sorted({edge for seed in both for edge in ours[seed].edge_delay_s}):
        pairs = []
        for seed in both:
            a, b = ours[seed], shipped[seed]
            pairs.append(
                (
                    a.edge_delay_s.get(edge, 0.0) / max(1, a.edge_vehicles.get(edge, 0)),
                    b.edge_delay_s.get(edge, 0.0) / max(1, b.edge_vehicles.get(edge, 0)),
                    b.edge_vehicles.get(edge, 0),
                )
            )
        vehicles = float(np.mean([n for _, _, n in pairs]))
        worse = interval([a - b for a, b, _ in pairs])
        if len(both) > 1 and vehicles >= 10 and worse.mean >= LOSS_S and worse.low > 0.0:
            found.append(
                {
                    "edge": edge,
                    "vehicles": vehicles,
                    "shipped_s": float(np.mean([b for _, b, _ in pairs])),
                    "plan_s": float(np.mean([a for a, _, _ in pairs])),
                    "worse_s": {"mean": worse.mean, "low": worse.low, "high": worse.high},
                }
            )
    return sorted(found, key=lambda one: -one["worse_s"]["mean"] * one["vehicles"])


def summary_body(problem: Problem, budget: Budget, finding: Finding) -> dict[str, Any]:
    """What ``summary.json`` says; `README.md` of the optimizer tells its fields."""
    bench, seeds, gain = finding.bench, budget.report_seeds, finding.verdict.gain_s
    tried = {
        name: {"training_delay_by_seed_s": {str(s): t.delay_s for s, t in trials.items() if s in budget.train_seeds}}
        for name, trials in bench.trials.items()
        if name != SHIPPED
    }
    return {
        "format": FORMAT,
        "scenario": problem.scenario.name,
        "proposed": finding.verdict.proposed,
        "why": finding.verdict.why,
        "gain_s": {"mean": gain.mean, "low": _finite(gain.low), "high": _finite(gain.high), "pairs": gain.count},
        "shipped": figures(bench, SHIPPED, seeds),
        "plan": figures(bench, finding.name, seeds),
        "losers": losers(bench, finding.name, seeds) if finding.name != SHIPPED else [],
        "candidates": tried,
        "failed_runs": bench.problems,
        "seeds": {
            "search": problem.wishes.seed, "training": list(budget.train_seeds), "report": list(budget.report_seeds),
        },
        "spent": {
            "kernel_runs": finding.kernel_runs, "sumo_runs": bench.runs, "wall_s": finding.wall_s,
            "cpu_s": finding.cpu_s + bench.cpu_s, "interrupted": finding.interrupted,
        },
        "wishes": {
            "delay_of": "persons" if problem.wishes.persons else "vehicles",
            "stop_s": problem.wishes.stop_s,
            "worst_approach": problem.wishes.worst_approach,
            "risk": problem.wishes.risk,
            "demand_samples": problem.wishes.samples,
            "jitter_s": problem.wishes.jitter_s,
            "limits": {field: getattr(problem.wishes.limits, field) for field in problem.wishes.limits.__slots__},
        },
    }  # fmt: skip


def write_json(path: Path, body: dict[str, Any]) -> None:
    """Writes a file with one line an entry."""
    path.write_text(json.dumps(body, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
