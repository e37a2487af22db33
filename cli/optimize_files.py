"""The files of an optimisation: checkpoint, plan and summary as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nutgiao.cli.compare import figures_of, of_edges, told, worse_off
from nutgiao.cli.optimize_problem import Problem
from nutgiao.cli.optimize_select import SHIPPED, Bench
from nutgiao.edge.files import write_whole
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.optimizer.search.moves import Plan
from nutgiao.optimizer.search.search import Standings
from nutgiao.simulation.vehicle_kinds import read_kinds

if TYPE_CHECKING:
    from nutgiao.cli.optimize_run import Budget, Finding

FORMAT = 1
_START_ANEW = "Remove it or give --fresh to start anew."


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
    write_whole(path, json.dumps(body).encode())


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


def figures(bench: Bench, name: str, seeds: tuple[int, ...], class_of: Mapping[str, str]) -> dict[str, Any]:
    """Delays, stops and safety of a plan on some seeds."""
    return figures_of([bench.trials[name][seed] for seed in seeds if seed in bench.trials.get(name, {})], class_of)


def losers(bench: Bench, name: str, seeds: tuple[int, ...]) -> list[dict[str, Any]]:
    """Edges whose vehicles are delayed more than under the shipped plan, beyond chance; the worst sum first."""
    before = {seed: trial for seed, trial in bench.trials[SHIPPED].items() if seed in seeds}
    return [
        {
            "edge": one["name"],
            "vehicles": one["vehicles"],
            "shipped_s": one["before_s"],
            "plan_s": one["after_s"],
            "worse_s": one["worse_s"],
        }
        for one in worse_off(before, bench.trials.get(name, {}), of_edges, 10)
    ]


def summary_body(problem: Problem, budget: Budget, finding: Finding) -> dict[str, Any]:
    """What ``summary.json`` says; `README.md` of the optimizer tells its fields."""
    bench, seeds, gain = finding.bench, budget.report_seeds, finding.verdict.gain_s
    files = (*problem.scenario.additional, *problem.scenario.routes)
    class_of = {name: vclass for name, (_, vclass) in read_kinds(files).items()}
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
        "gain_s": {**told(gain), "pairs": gain.count},
        "shipped": figures(bench, SHIPPED, seeds, class_of),
        "plan": figures(bench, finding.name, seeds, class_of),
        "walkers_wait_s": _on_foot(problem, finding),
        "losers": losers(bench, finding.name, seeds) if finding.name != SHIPPED else [],
        "candidates": tried,
        "failed_runs": bench.problems,
        "seeds": {
            "search": problem.wishes.seed, "training": list(budget.train_seeds), "report": list(budget.report_seeds),
        },
        "spent": {
            "kernel_runs": finding.kernel_runs, "sumo_runs": bench.runs - bench.kept,
            "from_cache": bench.kept, "wall_s": finding.wall_s,
            "cpu_s": finding.cpu_s + bench.cpu_s, "interrupted": finding.interrupted,
        },
        "wishes": {
            "delay_of": "persons" if problem.wishes.persons else "vehicles",
            "stop_s": problem.wishes.stop_s,
            "worst_approach": problem.wishes.worst_approach,
            "risk": problem.wishes.risk,
            "walker": problem.wishes.walker,
            "free_order": problem.wishes.free_order,
            "demand_samples": problem.wishes.samples,
            "jitter_s": problem.wishes.jitter_s,
            "limits": {field: getattr(problem.wishes.limits, field) for field in problem.wishes.limits.__slots__},
        },
    }  # fmt: skip


def _on_foot(problem: Problem, finding: Finding) -> dict[str, float] | None:
    """Mean wait at the signalised crossings under both plans; None if there are none."""
    before, after = problem.judge.aim.walkers, finding.problem.judge.aim.walkers
    if before is None or after is None or not before.crossings:
        return None
    shipped_s, plan_s = problem.space.shipped_stage_s[None], finding.plan.stage_s[None]
    return {"shipped": float(before.wait_s(shipped_s)[0]), "plan": float(after.wait_s(plan_s)[0])}


def json_text(body: dict[str, Any]) -> str:
    """JSON with one line an entry."""
    return json.dumps(body, indent=1, allow_nan=False) + "\n"


def write_json(path: Path, body: dict[str, Any]) -> None:
    """Writes a file with one line an entry."""
    path.write_text(json_text(body), encoding="utf-8")
