"""A ring-and-barrier diagram of a NEMA program: a row for each ring, a box for each phase, thick lines for barriers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nutgiao.cli.plan_picture import CHARACTER_PX, INK, PAPER, Box, Line, Picture, Words, legend
from nutgiao.cli.plan_svg import COLOUR, ranges, second_marks

if TYPE_CHECKING:
    from nutgiao.models.contracts.program import LampProgram, LampStep

BARS_PX, ROW_PX, HEAD_PX, FOOT_PX, PAD_PX = 820, 90, 74, 70, 14
LEFT_PX = 76
BOX_PX = 70
BARRIER_PX = 5.0


def rings_picture(program: LampProgram, names: Sequence[str] = ()) -> Picture:
    """Draws the rings of a NEMA program with the longest green, amber and all-red of each phase.

    Args:
        program: the program.
        names: of each link, where it comes from; none leaves only the indices.

    Raises:
        ContractError: if its rings are wrong.
    """
    from nutgiao.models.contracts.program import rings_of, split_s

    rings = rings_of(program)
    step_of = {int(step.name): step for step in program.steps if step.name and step.name.isdigit()}
    sides = rings.sides()
    lengths = [max(sum(split_s(step_of[n]) for n in part) for part in side) for side in sides]
    whole = max(sum(lengths), 1.0)
    scale = BARS_PX / whole
    bottom = HEAD_PX + ROW_PX * len(rings.rings)
    how = f"coordinated, cycle {rings.cycle_s:g} s" if rings.is_coordinated else "actuated, longest times"
    offset = "" if program.offset_s is None else f", offset {program.offset_s} s".replace(".0 s", " s")
    title = f"NEMA program {program.id} of light {program.light}: {how}{offset}"
    picture = Picture(title, LEFT_PX + BARS_PX + 2 * PAD_PX, bottom + FOOT_PX)
    parts = picture.parts
    parts.append(Words(PAD_PX, 20, title, 14, bold=True))
    told = f"barriers after phases {_listed(rings.barrier)} and after {_listed(rings.coordinated)}"
    if rings.is_coordinated:
        told += "; ★ coordinated"
    parts.append(Words(PAD_PX, 40, told))
    for row in range(len(rings.rings)):
        top = HEAD_PX + row * ROW_PX
        parts.append(Words(LEFT_PX - 12, top + BOX_PX / 2 + 4, f"Ring {row + 1}", anchor="end", bold=True))
        left = float(LEFT_PX)
        for side, length in zip(sides, lengths, strict=True):
            x = left
            for number in side[row]:
                step = step_of[number]
                strong = rings.is_coordinated and number in rings.coordinated
                parts += _phase(number, step, x, top, scale, names, strong)
                x += split_s(step) * scale
            left += length * scale
    x = float(LEFT_PX)
    for length in [0.0, *lengths]:
        x += length * scale
        parts.append(Line(((x, HEAD_PX - 10), (x, bottom - ROW_PX + BOX_PX + 10)), INK, BARRIER_PX))
    parts += second_marks(whole, LEFT_PX, bottom, scale)
    names_of = [("green", 10.0), ("amber", 10.0), ("red", 10.0)]
    entries = [(COLOUR[what], {"red": "all-red"}.get(what, what), thick) for what, thick in names_of]
    parts += legend(LEFT_PX, bottom + 52, [*entries, (INK, "barrier", BARRIER_PX)])
    parts.append(Words(LEFT_PX + BARS_PX, bottom + 52, "seconds, every phase at its longest", 11, "end"))
    return picture


def _phase(
    number: int, step: LampStep, x: float, top: float, scale: float, names: Sequence[str], strong: bool
) -> Iterator[Box | Words]:
    """A phase: its green with amber and all-red behind, number, seconds and links."""
    green, amber, red = step.most_s or 0.0, step.amber_s or 0.0, step.all_red_s or 0.0
    links = [k for k, letter in enumerate(step.state) if letter in "Gg"]
    origins = ", ".join(dict.fromkeys(names[k] for k in links if k < len(names)))
    told = f"phase {number}: green {step.least_s or 0:g} to {green:g} s, amber {amber:g} s, all-red {red:g} s"
    told += f", links {ranges(links)}" + (f" from {origins}" if origins else "")
    at = x
    for seconds, what in ((green, "green"), (amber, "amber"), (red, "red")):
        if seconds:
            yield Box(at, top, seconds * scale, BOX_PX, COLOUR[what], told)
            at += seconds * scale
    yield Box(x, top, at - x, BOX_PX, "none", edge=INK)
    room = green * scale - 10
    yield Words(x + 6, top + 20, f"φ{number}" + (" ★" if strong else ""), 15, colour=PAPER, bold=True)
    times = f"{green:g} + {amber:g} + {red:g} s"
    if len(times) * CHARACTER_PX * 11 / 12 > room:
        times = f"{green:g} s"
    for line, words in enumerate((times, f"link{'s' if len(links) > 1 else ''} {ranges(links)}", origins)):
        if words and len(words) * CHARACTER_PX * 11 / 12 <= room:
            yield Words(x + 6, top + 36 + 13 * line, words, 11, colour=PAPER)


def _listed(phases: Sequence[int]) -> str:
    return " + ".join(map(str, phases))
