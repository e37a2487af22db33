"""A time-space diagram: the lights of a corridor over some cycles, and the green bands of both directions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from nutgiao.cli.plan_picture import CHARACTER_PX, INK, PALE, Area, Box, Line, Picture, Point, Words, legend

if TYPE_CHECKING:
    from nutgiao.optimizer.bandwidth import Band, Span, TwoWayBand

WIDTH_PX, HEAD_PX, FOOT_PX, PAD_PX = 860, 102, 74, 14
LEFT_PX = 150
STRIP_PX = 6
LEAST_GAP_PX = 34
"""Between two lights, however near they stand: their strips stay apart."""

OUT, HOME = "#2366b8", "#c2611f"
GREEN, RED = "#1f8a4c", "#c8321f"
CYCLES = 3


class DrawnLight(NamedTuple):
    """A light of the corridor.

    Attributes:
        name: its id.
        distance_m: from the first light.
        outbound: its greens of one cycle, by the clock.
        inbound: of the other direction; nothing where there is none.
    """

    name: str
    distance_m: float
    outbound: Sequence[Span]
    inbound: Sequence[Span]


def timespace_picture(
    lights: Sequence[DrawnLight],
    bands: TwoWayBand,
    speed_mps: float,
    *,
    title: str,
    begin_s: float = 0.0,
    ways: Sequence[Sequence[Point]] = (),
    delays: tuple[str, str] = ("", ""),
) -> Picture:
    """Draws a corridor: time to the right, distance upwards.

    Args:
        lights: in the outbound order, two or more.
        bands: their bands.
        speed_mps: progression speed of both.
        title: above the drawing.
        begin_s: left end, by the clock.
        ways: time and distance from the first light of vehicles, to be drawn as thin lines.
        delays: what is to be said of the outbound and the inbound vehicles.
    """
    length = max(lights[-1].distance_m, 1.0)
    gaps = [b.distance_m - a.distance_m for a, b in itertools.pairwise(lights)]
    scale_y = min(max(300.0 / length, LEAST_GAP_PX / max(min(gaps, default=length), 1.0)), 900.0 / length)
    bottom = HEAD_PX + length * scale_y + 2 * STRIP_PX
    end_s = begin_s + CYCLES * bands.cycle_s
    scale_x = (WIDTH_PX - LEFT_PX - 2 * PAD_PX) / (end_s - begin_s)
    picture = Picture(title, WIDTH_PX, bottom + FOOT_PX)

    def at(time_s: float, distance_m: float) -> Point:
        return LEFT_PX + (time_s - begin_s) * scale_x, bottom - 2 * STRIP_PX - distance_m * scale_y

    parts = picture.parts
    parts.append(Words(PAD_PX, 20, title, 14, bold=True))
    parts += _told(bands, speed_mps, any(light.inbound for light in lights))
    parts += [
        Words(left, 78, words, 11, colour=how)
        for left, words, how in zip((PAD_PX, PAD_PX + 300), delays, (OUT, HOME), strict=True)
    ]
    parts += _clock(begin_s, end_s, bottom + STRIP_PX, scale_x)
    first, last = lights[0].distance_m, lights[-1].distance_m
    travel_s = (last - first) / speed_mps
    for band, colour, start_m, end_m in ((bands.outbound, OUT, first, last), (bands.inbound, HOME, last, first)):
        for a, b in _repeats(band, bands.cycle_s, travel_s, begin_s, end_s):
            corners = [(a, start_m), (b, start_m), (b + travel_s, end_m), (a + travel_s, end_m)]
            seen = _clipped(corners, begin_s, end_s)
            if len(seen) > 2:
                parts.append(Area(tuple(at(*corner) for corner in seen), colour, 0.22))
            middle_s = (a + b + travel_s) / 2
            told = f"{band.width_s:.1f} s"
            wide = band.width_s * scale_x > CHARACTER_PX * len(told)
            beside = 0.0 if wide else band.width_s * scale_x / 2 + 5
            x, y = at(middle_s, (start_m + end_m) / 2)
            if begin_s < middle_s and x + beside + CHARACTER_PX * len(told) < at(end_s, 0.0)[0]:
                parts.append(Words(x + beside, y + 4, told, 12, "middle" if wide else "start", colour, bold=True))
    for way in ways:
        seen = [point for point in way if begin_s <= point[0] <= end_s and first <= point[1] <= last]
        if len(seen) > 1:
            parts.append(Line(tuple(at(*point) for point in seen), INK, 0.6, 0.45))
    for light in lights:
        parts += _strips(light, bands.cycle_s, begin_s, end_s, at(begin_s, light.distance_m), scale_x)
    names = [(GREEN, "green", 8.0), (RED, "red", 3.0), (OUT, "band outbound", 8.0), (HOME, "band inbound", 8.0)]
    parts += legend(LEFT_PX, bottom + 60, [*names, *([(INK, "vehicles", 1.0)] if ways else [])])
    return picture


def _told(bands: TwoWayBand, speed_mps: float, two_way: bool) -> Iterator[Words]:
    speed = f"at {speed_mps * 3.6:.0f} km/h"
    yield Words(PAD_PX, 42, f"outbound ↗ band {bands.outbound.width_s:.1f} s {speed}", 12, colour=OUT, bold=True)
    if two_way:
        yield Words(PAD_PX + 300, 42, f"inbound ↘ band {bands.inbound.width_s:.1f} s {speed}", colour=HOME, bold=True)
        shares = f"efficiency {bands.efficiency:.0%}, attainability {bands.attainability:.0%}; "
        shares += "of each light the lower bar is outbound, the upper inbound"
    else:
        shares = f"efficiency {bands.outbound.width_s / bands.cycle_s:.0%}, one way"
    yield Words(PAD_PX, 62, f"common cycle {bands.cycle_s:g} s, {shares}")


def _repeats(
    band: Band, cycle_s: float, travel_s: float, begin_s: float, end_s: float
) -> Iterator[tuple[float, float]]:
    """Start and end of the band at its first light, in every cycle that the picture shows."""
    if band.width_s <= 0:
        return
    start = band.start_s + cycle_s * ((begin_s - travel_s - cycle_s - band.start_s) // cycle_s)
    while start < end_s:
        yield start, start + band.width_s
        start += cycle_s


def _strips(
    light: DrawnLight, cycle_s: float, begin_s: float, end_s: float, left: Point, scale_x: float
) -> Iterator[Box | Line | Words]:
    x, y = left
    width = (end_s - begin_s) * scale_x
    yield Words(x - 10, y - 1, light.name, 12, "end", bold=True)
    yield Words(x - 10, y + 13, f"{light.distance_m:.0f} m", 11, "end")
    for spans, top, what in ((light.outbound, y + 1, "outbound"), (light.inbound, y - STRIP_PX - 1, "inbound")):
        if not spans:
            continue
        yield Box(x, top + 1.5, width, STRIP_PX - 3, RED)
        for start, end in spans:
            now = start + cycle_s * ((begin_s - start) // cycle_s)
            while now < end_s:
                a, b = max(now, begin_s), min(now + end - start, end_s)
                if b > a:
                    told = f"{light.name} {what}: green {a:g} to {b:g} s"
                    yield Box(x + (a - begin_s) * scale_x, top, (b - a) * scale_x, STRIP_PX, GREEN, told)
                now += cycle_s


def _clock(begin_s: float, end_s: float, y: float, scale_x: float) -> Iterator[Line | Words]:
    step = next((step for step in (10, 20, 30, 60, 120) if (end_s - begin_s) / step <= 18), 300)
    yield Line(((LEFT_PX, y), (LEFT_PX + (end_s - begin_s) * scale_x, y)))
    second = step * -(-begin_s // step)
    while second <= end_s:
        x = LEFT_PX + (second - begin_s) * scale_x
        yield Line(((x, HEAD_PX - 10), (x, y)), PALE, 0.6)
        yield Line(((x, y), (x, y + 5)))
        yield Words(x, y + 18, f"{second:g}", 11, "middle")
        second += step
    yield Words(LEFT_PX + (end_s - begin_s) * scale_x, y + 34, "seconds", 11, "end")


def _clipped(corners: Sequence[Point], low: float, high: float) -> list[Point]:
    """The part of a polygon between two times (Sutherland and Hodgman, 1974)."""
    points = list(corners)
    for bound, sign in ((low, 1.0), (high, -1.0)):
        kept: list[Point] = []
        for (x0, y0), (x1, y1) in zip([points[-1], *points[:-1]] if points else [], points, strict=True):
            if (x0 - bound) * sign < 0 < (x1 - bound) * sign or (x1 - bound) * sign < 0 < (x0 - bound) * sign:
                kept.append((bound, y0 + (y1 - y0) * (bound - x0) / (x1 - x0)))
            if (x1 - bound) * sign >= 0:
                kept.append((x1, y1))
        points = kept
    return points
