"""Improves a plan in SUMO itself: small changes, those first that promise most by what kernel and SUMO said so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nutgiao.cli.optimize_select import Bench
from nutgiao.optimizer.search.moves import Plan, batch, jiggled, neighbours
from nutgiao.optimizer.search.surrogate import Surrogate

TRIED = 4
"""Plans of a round that SUMO runs on one seed at least."""

_STEPS_S = (1, 2, 4, 8)
_NEAR = 40
"""Changes of each kind that a round looks at."""

_REMEMBERED = 400
"""Plans of which the guesses are made, the latest ones."""

_CHANCE = 0.015
"""Spread of the paired difference on one seed as a share of the delay, until enough pairs tell it."""

_BOLD = 0.7
"""How many standard deviations below its guess a plan is taken for: what is unknown is worth a look."""


def refine(
    bench: Bench,
    start: str,
    seeds: Sequence[int],
    runs: int,
    random: np.random.Generator,
    on_step: Callable[[str, float], None] = lambda _name, _delay: None,
) -> str:
    """Improves a plan in SUMO, one seed first, all training seeds for what is taken.

    Args:
        bench: makes the runs.
        start: name of the plan.
        seeds: training seeds.
        runs: SUMO runs to spend.
        random: of the changes.
        on_step: told of each plan that is better.

    Returns:
        Name of the best plan.
    """
    problem, best = bench.problem, start
    bench.run([best], seeds)
    end = bench.runs + runs
    kernel_s: dict[str, float] = {}
    tried = {plan.key for plan in bench.plans.values()}
    lights = [light for light in range(len(problem.space.lights)) if len(problem.space.greens_of(light))]
    for light in _endless(lights, random):
        if bench.runs >= end:
            break
        known = [name for name in bench.plans if seeds[0] in bench.trials.get(name, {})][-_REMEMBERED:]
        near = [p for p in _near(bench, bench.plans[best], light, lights, random) if p.key not in tried]
        if not near:
            end -= 1  # so that a search with nothing left to try ends
            continue
        missing = [name for name in {best, *known} if name not in kernel_s]
        costs = problem.judge.costs(*batch([*near, *(bench.plans[name] for name in missing)]))
        kernel_s |= dict(zip(missing, costs[len(near) :].tolist(), strict=True))
        promised = costs[: len(near)] - kernel_s[best] + _beyond_kernel(bench, best, known, kernel_s, seeds, near)
        names = []
        for k in np.argsort(promised, kind="stable")[:TRIED].tolist():
            name = f"{best.split(' +')[0]} +{len(bench.plans)}"
            bench.plans[name] = near[k]
            kernel_s[name] = float(costs[k])
            tried.add(near[k].key)
            names.append(name)
        few = min(3, len(seeds))
        for used, slack, count in ((1, 1.02, 3), (few, 1.005, 2), (len(seeds), 1.0, 1)):
            bench.run(names, seeds[:used])
            limit_s = slack * bench.score_s(best, seeds[:used])
            order = bench.order(names, seeds[:used])
            names = [name for name in order if bench.score_s(name, seeds[:used]) < limit_s][:count]
        if names:
            best = names[0]
            on_step(best, bench.score_s(best, seeds))
    return best


def _endless(lights: list[int], random: np.random.Generator) -> Iterator[int]:
    while True:
        yield from random.permutation(lights).tolist()


def _beyond_kernel(
    bench: Bench, best: str, known: Sequence[str], kernel_s: dict[str, float], seeds: Sequence[int], near: list[Plan]
) -> NDArray[np.float64]:
    """What is to be added to the kernel's difference of each plan, less some of its doubt."""
    reference = bench.trials[best]
    plans, values, counts, spreads = [], [], [], []
    for name in known:
        pairs = [
            bench.trials[name][seed].delay_s - reference[seed].delay_s for seed in seeds if seed in bench.trials[name]
        ]
        plans.append(bench.plans[name])
        values.append(float(np.mean(pairs)) - (kernel_s[name] - kernel_s[best]))
        counts.append(len(pairs))
        if len(pairs) > 2 and name != best:
            spreads.append(float(np.var(pairs, ddof=1)))
    delay_s = float(np.median([one.delay_s for one in reference.values()]))  # no score: a jam has none
    usual_s = _CHANCE * delay_s if len(spreads) < 4 else float(np.sqrt(np.median(spreads)))
    limit_s = 0.15 * delay_s  # a plan that jams tells nothing of small effects
    noise = max(usual_s, 1e-3) / np.sqrt(counts)
    guess = Surrogate.fit(bench.problem.space, plans, np.clip(values, -limit_s, limit_s), noise, delay_s)
    mean, doubt = guess.guess(near)
    return mean - _BOLD * doubt


def _near(bench: Bench, plan: Plan, light: int, lights: Sequence[int], random: np.random.Generator) -> list[Plan]:
    """Changes of one light, and of all its figures at once, also with other lights."""
    space = bench.problem.space
    single = neighbours(space, plan, light, _STEPS_S)
    found = [single[k] for k in random.permutation(len(single))[:_NEAR].tolist()]
    for spread_s in (0.7, 1.5, 3.0):
        for _ in range(_NEAR // 2):
            others = random.choice(lights, int(random.integers(0, 3))).tolist()
            found.append(jiggled(space, plan, sorted({light, *others}), spread_s, random))
    return list({one.key: one for one in found if not space.faults(one.stage_s, one.offset_s)}.values())
