"""Bars over one cycle, a row for each signal group or group of links: of a site's plan, or of a program in steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from nutgiao.cli.plan_picture import CHARACTER_PX, INK, PALE, PAPER, Box, Line, Picture, Words, legend

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nutgiao.models.contracts.plan import SignalPlan
    from nutgiao.models.contracts.program import LampProgram
    from nutgiao.models.contracts.site import SignalGroup, Signals

ROW_PX, BAR_PX, HEAD_PX, FOOT_PX, PAD_PX = 30, 18, 76, 64, 14
SMALL, GREY = 0.75, "#666666"
BARS_PX = 820
"""Width that the cycle is drawn on, whatever it lasts."""

COLOUR = {
    "green": "#1f8a4c",
    "walk": "#63b98a",
    "giving way": "#63b98a",
    "amber": "#f0a818",
    "red and amber": "#e07030",
    "blinking": "#c9a227",
    "off": "#999999",
    "red": "#c8321f",
    "red, may turn": "#e9a299",
}
MEANING = {
    "G": "green",
    "g": "giving way",
    "y": "amber",
    "Y": "amber",
    "u": "red and amber",
    "o": "blinking",
    "O": "off",
    "s": "red, may turn",
    "r": "red",
}
"""What SUMO's letters mean."""

THIN = frozenset({"red", "red, may turn", "off"})
LEAST_FOR_A_FIGURE_PX = 18
Span = tuple[str, float, float]
"""What is shown, from which second, to which."""


class Row(NamedTuple):
    """A row of the picture: its name, what it shows, and a smaller line below the name."""

    name: str
    shown: Sequence[Span]
    below: str = ""


def plan_svg(signals: Signals, plan: SignalPlan, note: str = "") -> str:
    """A plan that has one green for each stage, as a whole SVG document; arguments as `plan_picture`."""
    return plan_picture(signals, plan, note).svg()


def plan_picture(signals: Signals, plan: SignalPlan, note: str = "") -> Picture:
    """Draws a plan that has one green for each stage.

    Args:
        signals: signal side of the site.
        plan: the plan.
        note: a line below the title, such as what it is refused for.
    """
    from nutgiao.models.contracts.timeline import expand_cycle, stage_starts

    lamps = expand_cycle(signals, plan.green_s, plan.order)
    rows = [Row(group.id, spans(group, lamps[:, column])) for column, group in enumerate(signals.groups)]
    starts = stage_starts(signals, plan.green_s, plan.order)
    heads = [
        (stage.id, start, start + green)
        for stage, green, start in zip(signals.stages, plan.green_s, starts, strict=True)
    ]
    title = f"Plan {plan.id} at {plan.node}: cycle {len(lamps)} s, offset {plan.offset_s} s"
    entries = [("green", "green"), ("walk", "walk"), ("amber", "amber"), ("red", "red, and clearing crossings")]
    return _bars_picture(title, note, rows, heads, len(lamps), entries)


def program_picture(program: LampProgram, names: Sequence[str] = (), note: str = "") -> Picture:
    """Draws a program in steps: a row for each group of links that always show the same letters.

    Args:
        program: a program whose steps have durations.
        names: of each link, where it comes from; none leaves only the indices.
        note: a line below the title.
    """
    timed = [(step, step.duration_s or 0.0) for step in program.steps]
    ends = list(itertools.accumulate(seconds for _, seconds in timed))
    cycle = ends[-1]
    members: dict[tuple[str, ...], list[int]] = {}
    for link in range(min(len(step.state) for step, _ in timed)):
        members.setdefault(tuple(step.state[link] for step, _ in timed), []).append(link)
    rows = []
    for letters, links in members.items():
        shown: list[Span] = []
        for letter, (_, seconds), end in zip(letters, timed, ends, strict=True):
            what = MEANING.get(letter, "off")
            if shown and shown[-1][0] == what:
                shown[-1] = (what, shown[-1][1], end)
            elif seconds:
                shown.append((what, end - seconds, end))
        origins = dict.fromkeys(names[link] for link in links if link < len(names))
        rows.append(Row(f"{'link' if len(links) == 1 else 'links'} {ranges(links)}", shown, ", ".join(origins)))
    heads = [
        (f"{step.name or k}:", end - seconds, end)
        for k, ((step, seconds), end) in enumerate(zip(timed, ends, strict=True))
    ]
    offset = "" if program.offset_s is None else f", offset {program.offset_s} s".replace(".0 s", " s")
    title = f"Program {program.id} of light {program.light} ({program.kind or 'static'}): cycle {cycle:g} s{offset}"
    seen = {what for row in rows for what, _, _ in row.shown}
    entries = [(what, what) for what in dict.fromkeys(MEANING.values()) if what in seen]
    return _bars_picture(title, note, rows, heads, cycle, entries)


def spans(group: SignalGroup, shown: NDArray[np.int8]) -> list[Span]:
    """What a group shows over one cycle, in stretches: ``green`` or ``walk``, ``amber``, ``red``."""
    from nutgiao.models.contracts.timeline import AMBER, GREEN, RED

    names = {GREEN: "walk" if group.pedestrian else "green", AMBER: "amber", RED: "red"}
    found: list[Span] = []
    for lamp, seconds in itertools.groupby(shown.tolist()):
        start = found[-1][2] if found else 0
        found.append((names[lamp], start, start + len(list(seconds))))
    return found


def ranges(links: Sequence[int]) -> str:
    """Indices in few words: 0-2, 7."""
    found = []
    for _, run in itertools.groupby(enumerate(sorted(links)), key=lambda pair: pair[1] - pair[0]):
        members = [link for _, link in run]
        found.append(str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return ", ".join(found)


def second_marks(cycle: float, left: float, y: float, scale: float) -> Iterator[Line | Words]:
    """The axis of seconds below a drawing."""
    step = next((step for step in (5, 10, 20, 50, 100) if cycle / step <= 20), 500)
    yield Line(((left, y), (left + cycle * scale, y)))
    for second in [*range(0, round(cycle) - step // 2, step), cycle]:
        x = left + second * scale
        yield Line(((x, y), (x, y + 5)))
        yield Words(x, y + 18, f"{second:g}", 11, "middle")


def _bars_picture(
    title: str,
    note: str,
    rows: Sequence[Row],
    heads: Sequence[tuple[str, float, float]],
    cycle: float,
    entries: Sequence[tuple[str, str]],
) -> Picture:
    left = PAD_PX + CHARACTER_PX * max(max(len(row.name), SMALL * len(row.below)) for row in rows) + 10
    scale = BARS_PX / cycle
    bottom = HEAD_PX + ROW_PX * len(rows)
    picture = Picture(title, left + BARS_PX + 2 * PAD_PX, bottom + FOOT_PX)
    parts = picture.parts
    parts.append(Words(PAD_PX, 20, title, 14, bold=True))
    if note:
        parts.append(Words(PAD_PX, 38, note, colour=COLOUR["red"]))
    parts += _heads(heads, left, scale, bottom)
    for number, row in enumerate(rows):
        top = HEAD_PX + number * ROW_PX
        parts.append(Words(left - 8, top + (14 if row.below else 20), row.name, anchor="end"))
        if row.below:
            parts.append(Words(left - 8, top + 26, row.below, 12 * SMALL, "end", GREY))
        parts += _bars(row.name, row.shown, left, top + 6, scale)
    parts += second_marks(cycle, left, bottom, scale)
    parts += legend(left, bottom + 50, [(COLOUR[what], told, 4 if what in THIN else 10) for what, told in entries])
    parts.append(Words(left + BARS_PX, bottom + 50, "seconds of the cycle", 11, "end"))
    return picture


def _bars(name: str, shown: Sequence[Span], left: float, top: float, scale: float) -> Iterator[Box | Words]:
    for what, start, end in shown:
        x, width = left + start * scale, (end - start) * scale
        thick = 4 if what in THIN else BAR_PX
        yield Box(x, top + (BAR_PX - thick) / 2, width, thick, COLOUR[what], f"{name}: {what} {start:g} to {end:g} s")
        if what in ("green", "walk", "giving way") and width >= LEAST_FOR_A_FIGURE_PX:
            yield Words(x + width / 2, top + 13, f"{end - start:g}", 11, "middle", PAPER if what == "green" else INK)


def _heads(
    heads: Sequence[tuple[str, float, float]], left: float, scale: float, bottom: float
) -> Iterator[Line | Words]:
    """A line where each stage's green begins, and its name and green above it."""
    for name, start, end in heads:
        x, width, length = left + start * scale, (end - start) * scale, end - start
        yield Line(((x, HEAD_PX - 14), (x, bottom)), PALE)
        yield Line(((x, HEAD_PX - 6), (x + width, HEAD_PX - 6)))
        told = f"{name} {length:g} s"
        room = int(width / CHARACTER_PX)
        shown = told if len(told) <= room else f"{length:g} s" if room >= len(f"{length:g} s") else ""
        yield Words(x + 1, HEAD_PX - 12, shown, 11)
