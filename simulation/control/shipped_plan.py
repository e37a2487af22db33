"""The shipped program of a light as a plan of its stages: their order, when each green begins, and the cycle."""

from __future__ import annotations

from typing import NamedTuple

from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.stage_order import green_states


class ShippedPlan(NamedTuple):
    """When a program shows the stages of its light.

    The greens begin when the program says; how long they last follows from the changes between them, which need not be
    as long as the program's.

    Attributes:
        cycle_s: whole seconds.
        offset_s: when the first green begins, counted from the scenario's begin, within the cycle.
        stages: in the program's order, numbered as in `Lights`; the first green of the program comes first.
        greens_s: between the end of a change and the begin of the next one; below 1 if a change does not fit.
        changes_s: ``(stages, stages)`` by place in the order.
    """

    cycle_s: int
    offset_s: int
    stages: tuple[int, ...]
    greens_s: tuple[int, ...]
    changes_s: tuple[tuple[int, ...], ...]


def shipped_plan(lights: Lights, light: int, begin_s: float) -> ShippedPlan:
    """Reads the plan of a light.

    Args:
        lights: of the network.
        light: its number.
        begin_s: of the scenario.

    Raises:
        ValueError: if the light has no choice of stages, or a duration, the offset or the begin is no whole second.
    """
    rule = lights.rules[light]
    program = rule.shipped
    if not rule.states:
        raise ValueError("its program has fewer than two green stages, or flashes")
    times_s = (begin_s, program.offset_s, *program.durations_s)
    odd = next((one for one in times_s if one != round(one)), None)
    if odd is not None:
        raise ValueError(f"{odd:g} s is no whole second")
    number = {lights.states[stage]: stage for stage in lights.stages_of(light)}
    now_s, before, runs = 0, None, list[tuple[int, int]]()  # begin and stage
    states = green_states(program, rule.conflicts, rule.walk_clear_s)
    for duration_s, state in zip(program.durations_s, states, strict=True):
        if state is not None and state != before:
            runs.append((now_s, number[state]))
        now_s, before = now_s + round(duration_s), state
    cycle_s, starts_s, stages = now_s, [one[0] for one in runs], [one[1] for one in runs]
    if len(stages) > 1 and stages[0] == stages[-1] and before is not None and starts_s[0] == 0:
        starts_s[0] = starts_s.pop() - cycle_s  # its green goes on over the end of the program
        stages.pop()
    changes_s = tuple(tuple(len(lights.changes.get((a, b), ())) for b in stages) for a in stages)
    greens_s = []
    for k, start_s in enumerate(starts_s):
        end_s = starts_s[k + 1] if k + 1 < len(starts_s) else starts_s[0] + cycle_s
        greens_s.append(end_s - start_s - changes_s[k][(k + 1) % len(stages)])
    offset_s = (round(program.offset_s) + starts_s[0] - round(begin_s)) % cycle_s
    return ShippedPlan(cycle_s, offset_s, tuple(stages), tuple(greens_s), changes_s)
