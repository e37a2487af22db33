"""The demo's result as numbers: both arms over paired seeds with intervals, and violations against the truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nutgiao.central.cases.case import ViolationCase
from nutgiao.central.demo.matching import Deed, Score, match
from nutgiao.central.demo.statistics import Interval, interval, paired
from nutgiao.models.contracts.words import TWO_WHEELERS, VehicleClass, ViolationKind
from nutgiao.simulation.metrics import RunMetrics
from nutgiao.simulation.run import BIN_S, RunResult

SCHEMA = "nutgiao/demo-summary/1"


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table.

    Attributes:
        key: name in the summary.
        label_en: English.
        label_vi: Vietnamese.
        unit: unit.
        value: reads it off a run.
        less_is_better: direction.
    """

    key: str
    label_en: str
    label_vi: str
    unit: str
    value: Callable[[RunMetrics], float]
    less_is_better: bool = True


MEASURES = (
    Measure("mean_delay_s", "Mean delay of everyone", "Trễ trung bình mọi xe", "s", lambda m: m.mean_delay_s),
    Measure("stops_per_vehicle", "Stops per vehicle", "Số lần dừng mỗi xe", "", lambda m: m.stops_per_vehicle),
    Measure(
        "worst_side_street_delay_s",
        "Worst side street, delay",
        "Đường nhánh tệ nhất, trễ",
        "s",
        lambda m: m.worst_side_street_delay_s,
    ),
    Measure("pedestrian_wait_s", "Pedestrians' wait", "Người đi bộ chờ", "s", lambda m: m.pedestrian_wait_s),
    Measure(
        "throughput_veh_per_h",
        "Throughput",
        "Lưu lượng thoát",
        "veh/h",
        lambda m: m.throughput_veh_per_h,
        less_is_better=False,
    ),
)

CAUGHT = (ViolationKind.RED_LIGHT, ViolationKind.STOP_LINE, ViolationKind.WRONG_WAY)
"""Kinds whose rules run in the demo."""
RECORDED = (*CAUGHT, ViolationKind.SPEED)
"""Kinds of which the simulator records what happened."""


def make_summary(
    shipped: Sequence[RunResult], nutgiao: Sequence[RunResult], cases: Sequence[ViolationCase], facts: dict[str, Any]
) -> dict[str, Any]:
    """Puts the runs of both arms together.

    Args:
        shipped: one run per seed under the shipped plan.
        nutgiao: one run per seed with nutgiao, the same seeds in the same order.
        cases: all violations that the boxes reported in these runs.
        facts: what else stands in the summary (plans, machine, wall time).

    Returns:
        The summary; `docs/demo-summary.md` tells what each key means.

    Raises:
        ValueError: if the seeds differ.
    """
    if [run.seed for run in shipped] != [run.seed for run in nutgiao]:
        raise ValueError("both arms need the same seeds in the same order")
    return {
        "schema": SCHEMA,
        "seeds": [run.seed for run in shipped],
        "period": {
            "begin_s": shipped[0].begin_s,
            "measure_s": shipped[0].measure_s,
            "end_s": shipped[0].end_s,
        },
        "measures": [_row(measure, shipped, nutgiao) for measure in MEASURES],
        "by_class": _by_key(shipped, nutgiao, lambda m: m.delay_by_class_s),
        "by_origin": _by_key(shipped, nutgiao, lambda m: m.delay_by_origin_s),
        "violations": [_score(score) for score in scores(nutgiao, cases)],
        "delay_over_time": {
            "time_s": [BIN_S * k for k in range(len(shipped[0].standing))],
            "shipped": _mean_series([run.standing for run in shipped]),
            "nutgiao": _mean_series([run.standing for run in nutgiao]),
            "unit": "veh",
        },
        "runs": [_run(run, arm) for arm, runs in (("shipped", shipped), ("nutgiao", nutgiao)) for run in runs],
        **facts,
    }


def scores(runs: Sequence[RunResult], cases: Sequence[ViolationCase]) -> list[Score]:
    """Scores each kind over all runs; a report counts for the run whose boot it names."""
    found: dict[ViolationKind, Score] = {}
    for run in runs:
        truth = [
            Deed(deed.kind, deed.node, deed.approach, deed.time_s, VehicleClass(deed.vehicle_class) in TWO_WHEELERS)
            for deed in run.violations
        ]
        reports = [
            Deed(r.kind, r.node, r.approach, r.occurred_s, r.vehicle_class in TWO_WHEELERS)
            for r in (case.report for case in cases)
            if r.boot == boot_of(run.seed)
        ]
        for kind in RECORDED:
            score = match(truth, reports, kind)
            before = found.get(kind, Score(kind, 0, 0, 0))
            found[kind] = Score(
                kind,
                before.truth + score.truth,
                before.reported + score.reported,
                before.matched + score.matched,
            )
    return list(found.values())


def boot_of(seed: int) -> str:
    """The boot id that boxes of a run are given."""
    return f"s{seed}"


def _row(measure: Measure, shipped: Sequence[RunResult], nutgiao: Sequence[RunResult]) -> dict[str, Any]:
    before = [measure.value(run.metrics) for run in shipped]
    after = [measure.value(run.metrics) for run in nutgiao]
    change = paired(before, after)
    better = change.mean < 0 if measure.less_is_better else change.mean > 0
    return {
        "key": measure.key,
        "label_en": measure.label_en,
        "label_vi": measure.label_vi,
        "unit": measure.unit,
        "shipped": _interval(interval(before)),
        "nutgiao": _interval(interval(after)),
        "difference": {
            **_interval(change),
            "percent": round(100 * change.mean / interval(before).mean, 1) if interval(before).mean else None,
            "significant": change.significant,
            "better": better,
        },
    }


def _by_key(
    shipped: Sequence[RunResult], nutgiao: Sequence[RunResult], table: Callable[[RunMetrics], dict[str, float]]
) -> list[dict[str, Any]]:
    """Mean delay by class or origin, so that whoever loses is named."""
    keys = sorted({key for run in (*shipped, *nutgiao) for key in table(run.metrics)})
    rows = []
    for key in keys:
        pairs = [
            (table(a.metrics)[key], table(b.metrics)[key])
            for a, b in zip(shipped, nutgiao, strict=True)
            if key in table(a.metrics) and key in table(b.metrics)
        ]
        if pairs:
            change = paired([a for a, _ in pairs], [b for _, b in pairs])
            rows.append(
                {
                    "key": key,
                    "shipped_s": _rounded(interval([a for a, _ in pairs]).mean),
                    "nutgiao_s": _rounded(interval([b for _, b in pairs]).mean),
                    "difference_s": {**_interval(change), "significant": change.significant},
                }
            )
    return rows


def _run(run: RunResult, arm: str) -> dict[str, Any]:
    metrics = run.metrics
    return {
        "arm": arm,
        "seed": run.seed,
        **{measure.key: _rounded(measure.value(metrics)) for measure in MEASURES},
        "vehicles": metrics.vehicles,
        "never_inserted": metrics.vehicles - metrics.inserted,
        "collisions": metrics.collisions,
        "teleports": metrics.teleports,
        "emergency_brakings": metrics.emergency_brakings,
        "flashed": list(run.flashed),
        "wall_s": round(run.wall_s, 1),
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "kind": str(score.kind),
        "rule": score.kind in CAUGHT,
        "truth": score.truth,
        "reported": score.reported,
        "matched": score.matched,
        "precision": None if score.precision is None else round(score.precision, 4),
        "recall": None if score.recall is None or score.kind not in CAUGHT else round(score.recall, 4),
    }


def _interval(value: Interval) -> dict[str, float | None]:
    return {"mean": _rounded(value.mean), "low": _rounded(value.low), "high": _rounded(value.high)}


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _mean_series(series: Sequence[Sequence[float]]) -> list[float]:
    return [round(sum(values) / len(values), 2) for values in zip(*series, strict=True)]
