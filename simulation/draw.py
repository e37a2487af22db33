"""Draws the street with its road users at one instant: to look at before believing a queue, and for pages."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np

from nutgiao.models.contracts.words import CLASSES, Indication, VehicleClass
from nutgiao.simulation.networks.build import LINE_SETBACK_M
from nutgiao.simulation.street import RoadUsers, Street

COLOURS = {
    VehicleClass.MOTORCYCLE: "#e4572e",
    VehicleClass.BICYCLE: "#17a398",
    VehicleClass.CAR: "#4c78a8",
    VehicleClass.BUS: "#f2b134",
    VehicleClass.TRUCK: "#7a5c8e",
    VehicleClass.PEDESTRIAN: "#222222",
}
LAMPS = {Indication.GREEN: "#1a9850", Indication.PERMISSIVE_GREEN: "#1a9850", Indication.AMBER: "#f4a300"}


def draw_street(
    street: Street, users: RoadUsers, out: Path, window_m: tuple[float, float, float, float], title: str = ""
) -> None:
    """Draws lanes, crossings, painted stop lines, lamps and road users.

    Args:
        street: the street, for its lanes and lamps.
        users: everyone at that instant.
        out: picture file; its ending gives the format.
        window_m: left, bottom, right, top in network coordinates.
        title: written above.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from matplotlib.transforms import Affine2D

    left, bottom, right, top = window_m
    figure = Figure(figsize=(14, max(3.0, 14 * (top - bottom) / (right - left))), dpi=110, layout="constrained")
    axes = figure.subplots()
    _draw_ground(street, axes, window_m)
    for junction in street.junctions.values():
        for leg in junction.legs.values():
            _draw_line(axes, leg.end_m, leg.heading_deg, sum(leg.lane_widths_m), _lamp(street, junction.id, leg.arm))
    for row in range(len(users)):
        length, width, _ = users.size_m[row]
        turn = Affine2D().rotate_deg(90.0 - users.heading_deg[row]).translate(*users.front_m[row])
        colour = COLOURS[CLASSES[users.classes[row]]]
        body = Rectangle((-length, -width / 2), length, width, facecolor=colour, edgecolor="black", linewidth=0.3)
        body.set_transform(turn + axes.transData)
        axes.add_patch(body)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", title=title, xlabel="x, m", ylabel="y, m")
    figure.savefig(out)


def _lamp(street: Street, node: str, arm: str) -> str:
    group = "main" if arm in ("west", "east") else "side"
    return LAMPS.get(street.shown[node][group], "#d73027")


def _draw_ground(street: Street, axes: Any, window_m: tuple[float, float, float, float]) -> None:
    left, bottom, right, top = window_m
    for shape, width, walk in street.lane_shapes():
        xs, ys = zip(*shape, strict=True)
        if max(xs) < left or min(xs) > right or max(ys) < bottom or min(ys) > top:
            continue
        for (x0, y0), (x1, y1) in itertools.pairwise(shape):
            run = math.hypot(x1 - x0, y1 - y0) or 1.0
            nx, ny = -(y1 - y0) / run * width / 2, (x1 - x0) / run * width / 2
            corners = np.array([(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)])
            axes.fill(
                *corners.T, facecolor="#cfcabd" if walk else "#e9e9e9", edgecolor="white", linewidth=0.4, zorder=0
            )


def _draw_line(axes: Any, end_m: tuple[float, float], heading_deg: float, width_m: float, colour: str) -> None:
    """The painted stop line in the colour of its lamp, and the crosswalk's edge as a thin line."""
    bearing = math.radians(heading_deg)
    dx, dy = math.sin(bearing), math.cos(bearing)
    for setback, stroke in ((LINE_SETBACK_M, 3.0), (0.0, 0.8)):
        x, y = end_m[0] - setback * dx, end_m[1] - setback * dy
        axes.plot([x, x - width_m * dy], [y, y + width_m * dx], color=colour, linewidth=stroke, zorder=1)
