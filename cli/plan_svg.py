"""A signal plan as a drawing: one row a signal group over one cycle, plain SVG without any library."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nutgiao.models.contracts.plan import SignalPlan
    from nutgiao.models.contracts.site import SignalGroup, Signals

ROW_PX, BAR_PX, HEAD_PX, FOOT_PX, PAD_PX = 30, 18, 76, 64, 14
CHARACTER_PX = 7.2
BARS_PX = 820
"""Width that the cycle is drawn on, whatever it lasts."""

COLOUR = {"green": "#1f8a4c", "walk": "#63b98a", "amber": "#f0a818", "red": "#c8321f"}
INK, PALE, PAPER = "#222222", "#dddddd", "#ffffff"
LEAST_FOR_A_FIGURE_PX = 18
SPAN = tuple[str, int, int]
"""What is shown, from which second, to which."""


def plan_svg(signals: Signals, plan: SignalPlan, note: str = "") -> str:
    """Draws a plan that has one green for each stage.

    Args:
        signals: signal side of the site.
        plan: the plan.
        note: a line below the title, such as what it is refused for.

    Returns:
        A whole SVG document.
    """
    from nutgiao.models.contracts.timeline import expand_cycle

    lamps = expand_cycle(signals, plan.green_s)
    cycle = len(lamps)
    left = PAD_PX + CHARACTER_PX * max(len(group.id) for group in signals.groups) + 10
    scale = BARS_PX / cycle
    bottom = HEAD_PX + ROW_PX * len(signals.groups)
    width, height = left + BARS_PX + 2 * PAD_PX, bottom + FOOT_PX
    title = f"Plan {_plain(plan.id)} at {_plain(plan.node)}: cycle {cycle} s, offset {plan.offset_s} s"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" font-family="sans-serif" font-size="12" fill="{INK}">',
        f"<title>{title}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        _text(PAD_PX, 20, title, 'font-size="14" font-weight="bold"'),
    ]
    if note:
        parts.append(_text(PAD_PX, 38, _plain(note), f'fill="{COLOUR["red"]}"'))
    parts += _stages(signals, plan, left, scale, bottom)
    for row, group in enumerate(signals.groups):
        top = HEAD_PX + row * ROW_PX
        parts.append(_text(left - 8, top + 20, escape(group.id), 'text-anchor="end"'))
        parts += _bars(group, lamps[:, row], left, top + 6, scale)
    parts += _seconds(cycle, left, bottom, scale)
    parts += _legend(left, bottom + 50)
    return "\n".join([*parts, "</svg>"]) + "\n"


def spans(group: SignalGroup, shown: NDArray[np.int8]) -> list[SPAN]:
    """What a group shows over one cycle, in stretches: ``green`` or ``walk``, ``amber``, ``red``."""
    from nutgiao.models.contracts.timeline import AMBER, GREEN, RED

    names = {GREEN: "walk" if group.pedestrian else "green", AMBER: "amber", RED: "red"}
    found: list[SPAN] = []
    for lamp, seconds in itertools.groupby(shown.tolist()):
        start = found[-1][2] if found else 0
        found.append((names[lamp], start, start + len(list(seconds))))
    return found


def _bars(group: SignalGroup, shown: NDArray[np.int8], left: float, top: float, scale: float) -> Iterator[str]:
    for what, start, end in spans(group, shown):
        x, width = left + start * scale, (end - start) * scale
        thick = 4 if what == "red" else BAR_PX
        box = f'x="{x:.1f}" y="{top + (BAR_PX - thick) / 2:.1f}" width="{width:.1f}" height="{thick}"'
        told = f"{escape(group.id)}: {what} {start} to {end} s"
        yield f'<rect {box} fill="{COLOUR[what]}"><title>{told}</title></rect>'
        if what in ("green", "walk") and width >= LEAST_FOR_A_FIGURE_PX:
            fill = f'text-anchor="middle" font-size="11" fill="{PAPER if what == "green" else INK}"'
            yield _text(x + width / 2, top + 13, str(end - start), fill)


def _stages(signals: Signals, plan: SignalPlan, left: float, scale: float, bottom: float) -> Iterator[str]:
    """A line where each stage's green begins, and its name and green above it."""
    from nutgiao.models.contracts.timeline import stage_starts

    for stage, green, start in zip(signals.stages, plan.green_s, stage_starts(signals, plan.green_s), strict=True):
        x, width = left + start * scale, green * scale
        yield f'<line x1="{x:.1f}" y1="{HEAD_PX - 14}" x2="{x:.1f}" y2="{bottom}" stroke="{PALE}"/>'
        yield f'<line x1="{x:.1f}" y1="{HEAD_PX - 6}" x2="{x + width:.1f}" y2="{HEAD_PX - 6}" stroke="{INK}"/>'
        told = f"{stage.id} {green} s"
        room = int(width / CHARACTER_PX)
        shown = told if len(told) <= room else f"{green} s" if room >= len(f"{green} s") else ""
        yield _text(x + 1, HEAD_PX - 12, escape(shown), 'font-size="11"')


def _seconds(cycle: int, left: float, bottom: float, scale: float) -> Iterator[str]:
    step = next((step for step in (5, 10, 20, 50, 100) if cycle / step <= 20), 500)
    yield f'<line x1="{left:.1f}" y1="{bottom}" x2="{left + cycle * scale:.1f}" y2="{bottom}" stroke="{INK}"/>'
    for second in [*range(0, cycle - step // 2, step), cycle]:
        x = left + second * scale
        yield f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}" stroke="{INK}"/>'
        yield _text(x, bottom + 18, str(second), 'text-anchor="middle" font-size="11"')


def _legend(left: float, y: float) -> Iterator[str]:
    x = left
    for what, told in (
        ("green", "green"),
        ("walk", "walk"),
        ("amber", "amber"),
        ("red", "red, and clearing crossings"),
    ):
        thick = 4 if what == "red" else 10
        yield f'<rect x="{x:.1f}" y="{y - 5 - thick / 2:.1f}" width="22" height="{thick}" fill="{COLOUR[what]}"/>'
        yield _text(x + 28, y, told, 'font-size="11"')
        x += 28 + CHARACTER_PX * len(told) + 18
    yield _text(left + BARS_PX, y, "seconds of the cycle", 'text-anchor="end" font-size="11"')


def _text(x: float, y: float, told: str, how: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {how}>{told}</text>'


def _plain(words: str) -> str:
    """Text for XML, which knows no control characters."""
    return escape("".join(letter if letter.isprintable() else "�" for letter in words))
