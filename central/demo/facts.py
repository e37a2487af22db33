"""What stands beside the figures: plans and their answers, the machine, the period in words."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from nutgiao.central.demo.arm import Period
from nutgiao.central.planning import EVERY_S
from nutgiao.central.store import StoredPlan


def plans_sent(kept_plans: Sequence[StoredPlan]) -> list[dict[str, Any]]:
    """Every plan that was sent and its answer, seed by seed, oldest first."""
    rows: list[dict[str, Any]] = []
    for kept in kept_plans:
        plan, reply = kept.plan, kept.reply
        answer = "no answer"
        if reply is not None:
            answer = "accepted" if reply.accepted else "; ".join(str(refusal.rule) for refusal in reply.refusals)
        rows.append(
            {
                "id": plan.id,
                "seed": _seed_of(plan.id),
                "node": plan.node,
                "sent_s": kept.sent_s,
                "sent": _local(kept.sent_s),
                "cycle_s": plan.cycle_s,
                "offset_s": plan.offset_s,
                "green_s": list(plan.green_s),
                "accepted": reply is not None and reply.accepted,
                "answer": answer,
            }
        )
    return sorted(rows, key=lambda row: (row["seed"], row["sent_s"], row["node"]))


def words(period: Period, summary: Mapping[str, Any]) -> dict[str, str]:
    """What the report says of the circumstances."""
    minutes = (period.end_s - period.measure_s) // 60
    begin, end = _local(period.midnight_s + period.measure_s), _local(period.midnight_s + period.end_s)
    return {
        "period": f"{begin} to {end}, {minutes} minutes measured",
        "machine": str(summary["machine"]["text"]),
        "sumo": str(summary["sumo"]),
        "plan_every_min": str(EVERY_S // 60),
    }


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    text = f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}"
    return {"text": text, "cores": cores, "load": round(load, 2), "python": platform.python_version()}


def _seed_of(plan: str) -> int:
    """The seed of the run that a plan was made in: its city is ``demo-<seed>``."""
    return int(plan.partition(".")[0].removeprefix("demo-"))


def _local(time_s: float) -> str:
    zone = datetime.timezone(datetime.timedelta(hours=7))
    return datetime.datetime.fromtimestamp(time_s, zone).strftime("%H:%M:%S")
