"""The plan-safety code beside an oracle that reads the rule book second by second: over 100 000 plans and changes.

Two sites in five have rings, three in four allow other orders of their stages.

Usage:
    python -m benchmarks.safety_oracle        # 100 000 plans and changes, about 7 minutes on a busy core
    python -m benchmarks.safety_oracle 5000   # a look
    FULL=1 python -m benchmarks.safety_oracle # the same 100 000; the result goes to benchmarks/results too
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter

from rich.progress import Progress
from rich.table import Table

from benchmarks.result import Result, console, target
from tests.support.signal_judges import Verdicts, verdicts

SEED = 20261124
CASES = 100_000
"""Plans and changes; painted lamps come on top."""

PLANS, CHANGES, LAMPS = 20, 20, 4
"""What one site is asked for."""

SEEN_AT_LEAST = 100
"""A rule that is broken less often was hardly tried."""

OF_PLANS = ("shape", "order", "barrier", "cycle", "offset", "rate_of_change", "conflict", "intergreen")
OF_GROUPS = ("min_green", "pedestrian_walk", "max_green", "max_red", "not_served", "amber")
RULES = (*OF_PLANS, *OF_GROUPS, "transition")
KINDS = ("plan", "change", "spoiled change", "lamps")
ABOUT = ("with rings", "with rings, accepted", "in another order", "in another order, accepted")


def judged(cases: int, rng: random.Random) -> tuple[Counter[tuple[str, str]], list[Verdicts]]:
    """Judges so many plans and changes: (kind, what) → how often, and where both disagree."""
    told: Counter[tuple[str, str]] = Counter()
    apart: list[Verdicts] = []
    with Progress(transient=True) as progress:
        bar = progress.add_task("plans and changes", total=cases)
        while (done := sum(told[kind, "judged"] for kind in KINDS[:3])) < cases:
            progress.update(bar, completed=done)
            told["site", "judged"] += 1
            for said in verdicts(rng.randint, PLANS, CHANGES, LAMPS):
                told[said.kind, "judged"] += 1
                told[said.kind, "refused" if said.oracle else "accepted"] += 1
                told.update((said.kind, rule) for rule in {rule for rule, _ in said.oracle})
                told.update((said.kind, f"{about}, accepted") for about in said.about if not said.oracle)
                told.update((said.kind, about) for about in said.about)
                if not said.agree:
                    told[said.kind, "disagree"] += 1
                    apart.append(said)
    return told, apart


def main(cases: int = CASES) -> None:
    """Counts, prints and writes ``out/bench/safety.json``."""
    out, screen = Result("safety", full=bool(os.environ.get("FULL"))), console()
    began = time.perf_counter()
    told, apart = judged(cases, random.Random(SEED))
    wall_s = time.perf_counter() - began
    table = Table(
        title=f"{told['site', 'judged']} sites in {wall_s:.0f} s: what the oracle finds, and where the code differs"
    )
    for head in ("", *KINDS):
        table.add_column(head, justify="left" if not head else "right")
    for what in ("judged", "accepted", "refused", "disagree", *ABOUT, *RULES):
        table.add_row(what, *(str(told[kind, what]) for kind in KINDS))
        out.rows.append({"what": what, **{kind: told[kind, what] for kind in KINDS}})
    screen.print(table)
    for said in apart[:5]:
        screen.print(f"{said.kind}: code {said.code - said.oracle}, oracle {said.oracle - said.code}\n{said.case}")
    out.seeds = {"seed": SEED, "sites": told["site", "judged"], "wall_s": round(wall_s, 1)}
    total = sum(told[kind, "judged"] for kind in KINDS[:3])
    out.targets.append(target("plans and changes judged", total, ">=", cases, "", "the oracle"))
    out.targets.append(target("verdicts apart", len(apart), "<=", 0, "", "the oracle"))
    for about in ABOUT:
        seen = sum(told[kind, about] for kind in KINDS[:3])
        out.targets.append(target(about, seen, ">=", SEEN_AT_LEAST, "cases", "cases that try it"))
    for rule in RULES:
        seen = sum(told[kind, rule] for kind in KINDS)
        out.targets.append(target(f"{rule} broken in", seen, ">=", SEEN_AT_LEAST, "cases", "cases that try it"))
    out.finish(screen)
    if apart:
        sys.exit(1)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
