"""Pictures of SUMO runs as SVG: queues over time before and after, and trajectories along a way through the lights."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from nutgiao.cli.arguments import clock
from nutgiao.simulation.time_space import WINDOW_S, Corridor, TimeSpace
from nutgiao.simulation.trial import HALTING_S, Trial

BEFORE, AFTER = "#6b7280", "#1565c0"
_LAMP = {"G": "#2e9e4f", "g": "#8bc34a", "y": "#e8a317", "Y": "#e8a317", "s": "#8bc34a", "o": "#e8a317", "u": "#e8a317"}
_RED, _INK, _GRID = "#c0392b", "#333", "#e5e7eb"
_LEFT, _WIDTH = 58, 840
_QUEUE_PX, _WAY_PX = 120, 300

Queues = NDArray[np.float64]
"""``(seeds, intervals)`` halting vehicles."""


def worst_approaches(
    before: Sequence[Trial], after: Sequence[Trial], approaches: Sequence[str], count: int = 4
) -> dict[str, tuple[Queues, Queues]]:
    """The approaches with the longest queues in either set of runs, with these queues.

    Args:
        before: runs that differ by their seed.
        after: the same.
        approaches: edges to choose from; if empty, all.
        count: how many.
    """
    wanted = set(approaches) or {edge for one in (*before, *after) for edge in one.halting_veh}
    lengths = [len(values) for one in (*before, *after) for values in one.halting_veh.values()]
    none = (0.0,) * max(lengths, default=0)
    found = {}
    for edge in sorted(wanted):
        pair = tuple(np.array([one.halting_veh.get(edge, none) for one in side]) for side in (before, after))
        found[edge] = (pair[0], pair[1])
    mean = {edge: max(float(side.mean()) if side.size else 0.0 for side in pair) for edge, pair in found.items()}
    order = sorted((edge for edge in found if mean[edge] > 0.0), key=lambda edge: -mean[edge])
    return {edge: found[edge] for edge in order[:count]}


def window_s(trials: Sequence[Trial], begin_s: float) -> float:
    """Begin of the `WINDOW_S` in which most vehicles halt, of runs that begin at ``begin_s``."""
    series = [values for one in trials for values in one.halting_veh.values()]
    if not series:
        return begin_s
    total = np.array(series).sum(0)
    width = min(len(total), round(WINDOW_S / HALTING_S))
    sums = np.convolve(total, np.ones(width), "valid")
    return begin_s + float(np.argmax(sums)) * HALTING_S


def queue_section(
    before: Sequence[Trial], after: Sequence[Trial], approaches: Sequence[str], begin_s: float, names: tuple[str, str]
) -> str:
    """The queue plot with its heading; arguments as those of `worst_approaches` and `queue_plot`."""
    queues = worst_approaches(before, after, approaches)
    place = "the approaches with the longest queues" if approaches else "the edges with the longest queues"
    return (
        f"<h2>Queues</h2><p><small>Halting vehicles at {place}, means of a minute. Line: mean over the seeds; band: "
        f"lowest to highest seed.</small></p>{queue_plot(queues, begin_s, names)}"
    )


def way_section(corridor: Corridor | None, tracks: Mapping[str, TimeSpace], seed: int) -> str:
    """The time-space plot with its heading; a sentence if there is no way through lights."""
    if corridor is None or not tracks:
        return "<h2>Time and space</h2><p>No vehicle passes a light, so there is no way to show.</p>"
    ends = f"{escape(corridor.edges[0])} to {escape(corridor.edges[-1])}"
    return (
        f"<h2>Time and space</h2><p><small>The busiest way through lights, {ends}: {corridor.length_m:.0f} m, "
        f"{corridor.vehicles} vehicles drive all of it. Metres upwards, time of day to the right, the ten minutes in "
        f"which most vehicles halt, seed {seed}. Each line is a vehicle; bars are what the lights show to who goes on."
        f"</small></p>{time_space_plot(corridor, tracks)}"
    )


def queue_plot(queues: Mapping[str, tuple[Queues, Queues]], begin_s: float, names: tuple[str, str]) -> str:
    """Halting vehicles over time, one panel an approach: means as lines, lowest to highest seed as bands.

    Args:
        queues: of `worst_approaches`.
        begin_s: of the runs.
        names: of what came before and after.
    """
    if not queues:
        return "<p>Nobody had to halt at a light.</p>"
    step = _QUEUE_PX + 46
    height = 30 + step * len(queues)
    parts = [
        f"<svg role=img aria-label='Queues over time' width='{_WIDTH}' height='{height}' "
        f"viewBox='0 0 {_WIDTH} {height}' font-size='12' fill='{_INK}'>",
        *_legend(names),
    ]
    for number, (edge, pair) in enumerate(queues.items()):
        parts += _queue_panel(edge, pair, begin_s, 44 + step * number)
    return "\n".join([*parts, "</svg>"])


def _queue_panel(edge: str, pair: tuple[Queues, Queues], begin_s: float, top: float) -> Iterator[str]:
    most = max(1.0, *(float(side.max()) for side in pair if side.size))
    intervals = max(side.shape[1] for side in pair if side.size)
    end_s = begin_s + intervals * HALTING_S
    yield f"<text x='{_LEFT}' y='{top - 4}' font-weight='600'>{escape(edge)}</text>"
    yield from _time_axis(begin_s, end_s, top, _QUEUE_PX)
    for value in _ticks(most):
        y = top + _QUEUE_PX * (1.0 - value / most)
        yield f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{y:.1f}' y2='{y:.1f}' stroke='{_GRID}'/>"
        yield f"<text x='{_LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{value:g}</text>"
    x = _LEFT + (np.arange(intervals) + 0.5) / intervals * (_WIDTH - _LEFT)
    for side, colour in zip(pair, (BEFORE, AFTER), strict=True):
        if not side.size:
            continue
        low, mean, high = (top + _QUEUE_PX * (1.0 - v / most) for v in (side.min(0), side.mean(0), side.max(0)))
        band = _points(np.r_[x, x[::-1]], np.r_[high, low[::-1]])
        yield f"<polygon points='{band}' fill='{colour}' fill-opacity='.18'/>"
        yield f"<polyline points='{_points(x, mean)}' fill='none' stroke='{colour}' stroke-width='1.8'/>"


def time_space_plot(corridor: Corridor, sides: Mapping[str, TimeSpace]) -> str:
    """Trajectories along a way, one panel a side; where a light stands, a bar shows what it showed.

    Args:
        corridor: the way.
        sides: name to who was where when.
    """
    step = _WAY_PX + 62
    height = 8 + step * len(sides)
    parts = [
        f"<svg role=img aria-label='Trajectories' width='{_WIDTH}' height='{height}' "
        f"viewBox='0 0 {_WIDTH} {height}' font-size='12' fill='{_INK}'>"
    ]
    for number, (name, side) in enumerate(sides.items()):
        parts += _way_panel(corridor, name, side, 26 + step * number, (BEFORE, AFTER)[number % 2])
    return "\n".join([*parts, "</svg>"])


def _way_panel(corridor: Corridor, name: str, side: TimeSpace, top: float, colour: str) -> Iterator[str]:
    length_m, span_s = max(corridor.length_m, 1.0), side.end_s - side.begin_s

    def at(time_s: float, position_m: float) -> tuple[float, float]:
        x = _LEFT + (time_s - side.begin_s) / span_s * (_WIDTH - _LEFT)
        return x, top + _WAY_PX * (1.0 - position_m / length_m)

    yield f"<text x='{_LEFT}' y='{top - 8}' font-weight='600'>{escape(name)}: {len(side.tracks)} vehicles</text>"
    yield from _time_axis(side.begin_s, side.end_s, top, _WAY_PX)
    for value in _ticks(length_m):
        y = at(side.begin_s, value)[1]
        yield f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{y:.1f}' y2='{y:.1f}' stroke='{_GRID}'/>"
        yield f"<text x='{_LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{value:g}</text>"
    yield f"<g fill='none' stroke='{colour}' stroke-width='1' stroke-opacity='.65'>"
    for track in side.tracks:
        yield f"<polyline points='{' '.join(f'{x:.1f},{y:.1f}' for x, y in itertools.starmap(at, track))}'/>"
    yield "</g>"
    for line, lamps in zip(corridor.stop_lines, side.lamps, strict=True):
        yield f"<g><title>{escape(line.light)}</title>"
        for from_s, to_s, letter in lamps:
            (x0, y), (x1, _) = at(from_s, line.at_m), at(to_s, line.at_m)
            yield (
                f"<line x1='{x0:.1f}' x2='{x1:.1f}' y1='{y:.1f}' y2='{y:.1f}' "
                f"stroke='{_LAMP.get(letter, _RED)}' stroke-width='4'/>"
            )
        yield "</g>"


def _time_axis(begin_s: float, end_s: float, top: float, height: float) -> Iterator[str]:
    step_s = next((s for s in (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0) if (end_s - begin_s) / s <= 10), 7200.0)
    time_s = step_s * np.ceil(begin_s / step_s)
    bottom = top + height
    yield f"<line x1='{_LEFT}' x2='{_WIDTH}' y1='{bottom}' y2='{bottom}' stroke='{_INK}'/>"
    while time_s <= end_s + 1e-6:
        x = _LEFT + (time_s - begin_s) / (end_s - begin_s) * (_WIDTH - _LEFT)
        anchor = "end" if x > _WIDTH - 16 else "middle"
        yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{bottom}' y2='{bottom + 4}' stroke='{_INK}'/>"
        yield f"<text x='{x:.1f}' y='{bottom + 17}' text-anchor='{anchor}'>{clock(float(time_s))[:-3]}</text>"
        time_s += step_s


def _ticks(most: float) -> list[float]:
    """Round values from 0 up to the most, three to six of them."""
    power = 10.0 ** np.floor(np.log10(most))
    step = next(k * power for k in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if most / (k * power) <= 5.0)
    return [float(step * k) for k in range(int(most / step + 1e-9) + 1)]


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _legend(names: tuple[str, str]) -> Iterator[str]:
    x = float(_LEFT)
    for name, colour in zip(names, (BEFORE, AFTER), strict=True):
        yield f"<rect x='{x}' y='4' width='18' height='10' fill='{colour}' fill-opacity='.18'/>"
        yield f"<line x1='{x}' x2='{x + 18}' y1='9' y2='9' stroke='{colour}' stroke-width='2'/>"
        yield f"<text x='{x + 24}' y='13'>{escape(name)}</text>"
        x += 50 + 7 * len(name)
