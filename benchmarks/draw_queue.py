"""Draws the queue model for its page, from a run of the kernel itself: ``python -m benchmarks.draw_queue``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.patches import FancyBboxPatch, Rectangle

from nutgiao.models.queueing.network.halting import NEVER_S, SETBACK_M, Standing
from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.models.queueing.network.physics import Settings, VehicleKind, behaviour
from nutgiao.models.queueing.network.tables import F8, TRACED
from nutgiao.simulation.lane_demand import RoutedVehicle, demand_of
from nutgiao.simulation.lane_network import network_of, signal_groups
from nutgiao.simulation.lane_street import DEFAULT_WIDTH_M, Street
from nutgiao.simulation.signal_programs import SignalProgram

mpl.use("Agg")
from matplotlib import pyplot as plt

OUT = Path(__file__).resolve().parent.parent / "docs" / "queue-model.svg"
RED, AMBER, GREEN, BLUE, SKY, GREY = "#D55E00", "#F0B400", "#009E73", "#0072B2", "#56B4E9", "#8A8F96"
"""Colours of Okabe and Ito, which the colour-blind tell apart."""

CYCLE_S, STAGES_S = 60.0, (30.0, 27.0, 3.0)
"""Red, green, amber."""

BEGIN_S, CYCLES = 120.0, 2
LENGTH_M, SHOWN_M, BEYOND_M = 240.0, 150.0, 45.0
SEED = 12
CAR, LIMIT_MPS = VehicleKind(speed_sd=0.0), 13.9


def street() -> Street:
    """One lane before a signal and one behind it."""
    states = ("r", "G", "y")
    one, none = np.zeros(1, np.int32), -np.ones(1, np.int32)
    return Street(
        source="drawing", lane_ids=("before_0", "behind_0"), lane_length_m=np.array([LENGTH_M, LENGTH_M]),
        lane_speed_mps=np.full(2, LIMIT_MPS), lane_width_m=np.full(2, DEFAULT_WIDTH_M),
        lane_rights=((None, None), (None, None)),
        edges={"before": (0,), "behind": (1,)}, lane_edge=np.arange(2, dtype=np.int32), link_from=one, link_to=one + 1,
        link_signal=one, link_index=one, link_lamp=one - none, link_length_m=np.full(1, 15.0),
        link_first_m=np.full(1, 15.0), link_last_m=np.full(1, 15.0), link_speed_mps=np.full(1, LIMIT_MPS),
        link_waits_inside=np.zeros(1, np.bool_), foes=((),), programs=(SignalProgram("light", 0.0, STAGES_S, states),),
    )  # fmt: skip


def passages() -> tuple[F8, Standing]:
    """Arrival and passage of everyone on the first lane, ``(n, 2)``, and how its queue stands."""
    place, settings = street(), Settings()
    groups = signal_groups(place)
    gaps_s = 2.0 + np.random.default_rng(SEED).exponential(2.2, 80)
    drivers = [
        RoutedVehicle(f"v{i}", float(at), "car", ("before", "behind"), random_position=False)
        for i, at in enumerate(np.cumsum(gaps_s))
    ]
    model = QueueModel(
        network_of(place, (CAR,), settings, groups), behaviour(CAR, settings), groups.programs,
        demand_of(place, drivers, {"car": (0, "passenger")}), 0.0, round(BEGIN_S + (CYCLES + 1) * CYCLE_S), [0.0],
    )  # fmt: skip
    trace = np.zeros((400, 4))
    model.run(STAGES_S, [0.0], 1, trace)
    rows = trace[: model.state.clock[TRACED]]
    return rows[rows[:, 0] == 0][:, 1:3], Standing(place.lane_speed_mps, place.lane_length_m)


def stands(found: F8, how: Standing, i: int) -> list[tuple[int, float, float]]:
    """Where vehicle ``i`` stands, from when to when: the rule of `nutgiao.models.queueing.network.halting`."""
    arrival_s, passage_s = found.T
    per_place_s = CAR.space_m / LIMIT_MPS
    released = [passage_s[i - k] + k * how.wave_s for k in range(i + 1)]
    deepest = 0
    while deepest < i and released[deepest + 1] > arrival_s[i] - (deepest + 1) * per_place_s:
        deepest += 1
    begin_s, spells = -NEVER_S, []
    for k in range(deepest, -1, -1):
        stands_s = max(begin_s, arrival_s[i] - k * per_place_s + how.brake_s)
        leaves_s = released[k] - how.launch_s
        if leaves_s - stands_s > 0.5:
            spells.append((k, float(stands_s), float(leaves_s)))
        begin_s = released[k] + how.move_s
    return spells


def _between(t0: float, x0: float, v0: float, t1: float, x1: float, v1: float) -> tuple[F8, F8]:
    """A smooth way from one place and speed to another (cubic Hermite)."""
    u, span = np.linspace(0.0, 1.0, 25), t1 - t0
    x = (
        (2 * u**3 - 3 * u**2 + 1) * x0 + (u**3 - 2 * u**2 + u) * span * v0
        + (3 * u**2 - 2 * u**3) * x1 + (u**3 - u**2) * span * v1
    )  # fmt: skip
    return t0 + span * u, x


def path(found: F8, how: Standing, i: int) -> tuple[F8, F8]:
    """Times and places of vehicle ``i``; places are metres beyond the stop line."""
    arrival_s, passage_s = (float(x) for x in found[i])
    free_mps = LIMIT_MPS - CAR.drag_mps
    times, places = [np.array([arrival_s - LENGTH_M / free_mps])], [np.array([-LENGTH_M])]
    spells = stands(found, how, i)
    speed = 0.0
    for n, (k, begin_s, end_s) in enumerate(spells):
        x = -(k * CAR.space_m + SETBACK_M)
        if n == 0:
            brakes_m = free_mps * how.brake_s
            at_s = arrival_s + (x - brakes_m) / free_mps
            t, y = _between(at_s, x - brakes_m, free_mps, begin_s, x, 0.0)
        else:
            t, y = _between(float(times[-1][-1]), float(places[-1][-1]), 0.0, begin_s, x, 0.0)
        times += [t, np.array([end_s])]
        places += [y, np.array([x])]
    if spells:
        t0, x0 = float(times[-1][-1]), float(places[-1][-1])
        speed = min(free_mps, 0.9 * (2 * CAR.accel_mps2 * -x0) ** 0.5, -2.5 * x0 / (passage_s - t0))
        t, y = _between(t0, x0, 0.0, passage_s, 0.0, speed)
        times, places = [*times, t], [*places, y]
    else:
        slows_m = 40.0 + 22.0 * (passage_s - arrival_s)
        speed = free_mps if passage_s - arrival_s < 0.5 else 0.8 * free_mps
        t, y = _between(arrival_s - slows_m / free_mps, -slows_m, free_mps, passage_s, 0.0, speed)
        times, places = [*times, t], [*places, y]
    ramp_s = np.linspace(0.0, max((free_mps - speed) / (0.75 * CAR.accel_mps2), 0.1), 12)
    times += [passage_s + ramp_s, np.array([passage_s + ramp_s[-1] + 20.0])]
    begun = speed * ramp_s + 0.375 * CAR.accel_mps2 * ramp_s**2
    places += [begun, np.array([begun[-1] + 20.0 * free_mps])]
    return np.concatenate(times), np.concatenate(places)


def space_time(ax: Any) -> None:
    """The approach over two cycles: who drives, who stands, how the start travels back."""
    found, how = passages()
    end_s = BEGIN_S + CYCLES * CYCLE_S
    for c in range(CYCLES + 1):
        at_s = BEGIN_S + c * CYCLE_S
        for length_s, colour in zip(STAGES_S, (RED, GREEN, AMBER), strict=True):
            ax.add_patch(Rectangle((at_s, 0.3), length_s, 4.5, color=colour, lw=0, zorder=3))
            at_s += length_s
    heads: list[list[tuple[float, float]]] = [[] for _ in range(CYCLES)]
    for i in range(len(found)):
        times, places = path(found, how, i)
        if times[-1] < BEGIN_S or times[0] > end_s:
            continue
        spells = stands(found, how, i)
        ax.plot(times, places, color=BLUE if spells else GREY, lw=0.9, zorder=2)
        for k, begin_s, leaves_s in spells:
            x = -(k * CAR.space_m + SETBACK_M)
            ax.plot([begin_s, leaves_s], [x, x], color=RED, lw=2.6, solid_capstyle="butt", zorder=4)
            cycle = int((leaves_s - BEGIN_S) // CYCLE_S)
            if 0 <= cycle < CYCLES and leaves_s > BEGIN_S:
                heads[cycle].append((leaves_s, x))
    for points in heads:
        front = sorted(points)
        ax.plot(*zip(*front, strict=True), color="black", lw=1.3, ls=(0, (4, 2)), zorder=5)
    ax.set_xlim(BEGIN_S, end_s)
    ax.set_ylim(-SHOWN_M, BEYOND_M)
    ax.set_xticks(np.arange(BEGIN_S, end_s + 1, 30), [f"{t - BEGIN_S:.0f}" for t in np.arange(BEGIN_S, end_s + 1, 30)])
    ax.set_yticks([-150, -100, -50, 0], ["150", "100", "50", "stop\nline"])
    ax.set_xlabel("seconds")
    ax.set_ylabel("metres before the line", labelpad=1)
    ax.spines[["top", "right"]].set_visible(False)
    first, last = sorted(heads[0])[0], sorted(heads[0])[-1]
    ax.text(
        BEGIN_S + 1,
        -146,
        "free arrivals",
        fontsize=10.5,
        bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.9},
        zorder=6,
    )
    _say(ax, "standing", (first[0] - 14, -24), (BEGIN_S + 2, -75))
    _say(ax, "start wave", ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2), (first[0] + 17, -48))
    _say(ax, "tail", last, (last[0] + 4, last[1] - 25))


def _say(ax: Any, text: str, at: tuple[float, float], label: tuple[float, float]) -> None:
    line = {"arrowstyle": "-", "color": "black", "lw": 0.7, "shrinkA": 0, "shrinkB": 1}
    box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.9}
    ax.annotate(text, at, label, arrowprops=line, bbox=box, fontsize=10.5, zorder=6)


def _car(ax: Any, x: float, y: float, colour: str, text: str = "", **style: Any) -> None:
    """A car whose front is at ``x``, and a word on it."""
    shape = FancyBboxPatch(
        (x - 5.6, y - 1.25), 5.6, 2.5, boxstyle="round,pad=0,rounding_size=0.7",
        fc=style.pop("fc", colour), ec=colour, lw=1.0, zorder=4, **style,
    )  # fmt: skip
    ax.add_patch(shape)
    ax.text(x - 2.8, y - 0.08, text, color="white", fontsize=9, ha="center", va="center", zorder=5)


def _arrow(ax: Any, begin: tuple[float, float], end: tuple[float, float], colour: str, bend: float = 0.0) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "lw": 1.4, "connectionstyle": f"arc3,rad={bend}", "shrinkA": 0}
    ax.annotate("", end, begin, arrowprops={**style, "shrinkB": 0}, zorder=3)


def scheme(ax: Any) -> None:
    """What the kernel keeps: lanes, positions, box, foes, the next lane and the gap that travels back."""
    road = "#E9EBEE"
    ax.add_patch(Rectangle((-48, -4), 48, 10, color=road, lw=0))  # approach: two lanes
    ax.add_patch(Rectangle((0, -4), 22, 15.5, color="#DADDE2", lw=0))  # junction
    ax.add_patch(Rectangle((22, -4), 45, 5, color=road, lw=0))  # next lane
    ax.add_patch(Rectangle((22, 6), 45, 5.5, color=road, lw=0))  # the foes' approach
    ax.add_patch(Rectangle((7.5, 11.5), 8, 11, color=road, lw=0))  # exit of the turners
    ax.plot([-48, -9], [1, 1], color="white", lw=1.5, ls=(0, (4, 3)))
    ax.plot([-9, 0], [1, 1], color="white", lw=1.5)
    for y0, y1, colour in ((-4, 1, GREEN), (1, 6, GREEN)):
        ax.plot([0, 0], [y0 + 0.2, y1 - 0.2], color=colour, lw=4, solid_capstyle="butt", zorder=5)
    for n in range(5):
        _car(ax, -1.0 - 7.5 * n, -1.5, BLUE, str(n))
    _car(ax, -1.0, 3.5, BLUE, "0")
    _car(ax, 10.5, 3.5, BLUE)
    _arrow(ax, (10.8, 3.8), (11.5, 17.0), BLUE, 0.35)
    for n in (0, 1):
        _car(ax, 42.0 + 13 * n, 8.7, RED)
    _arrow(ax, (36.5, 8.7), (3.0, 8.7), RED)
    for n in range(6):
        if n != 3:
            _car(ax, 66.0 - 7.5 * n, -1.5, BLUE)
    _car(ax, 66.0 - 7.5 * 3, -1.5, GREY, fc="white", ls=(0, (2, 1.5)))
    _arrow(ax, (38.0, 2.2), (27.0, 2.2), "black")
    _car(ax, -43.0, 3.5, SKY)
    _arrow(ax, (-42.8, 3.5), (-33.0, 3.5), SKY)
    _arrow(ax, (-42.8, 3.1), (-35.5, -0.8), SKY, 0.1)

    def note(text: str, x: float, y: float, ha: str = "left", colour: str = "black") -> None:
        ax.text(x, y, text, fontsize=10.5, ha=ha, va="center", color=colour, linespacing=1.15)

    note("lane choice:\nroom taken + lane changes", -48, 11.3)
    note("queue positions, each with\nits headway h(n) and speed", -48, -9.0)
    ax.plot([-20.5, -20.5], [-6.2, -3.4], color="black", lw=0.7)
    note("stop line", -1.5, 14.5, "right")
    ax.plot([-4.0, -0.2], [13.2, 6.2], color="black", lw=0.7)
    note("box: waits inside\nfor a gap", -1.5, 19.6, "right")
    ax.plot([-1.0, 7.2], [19.6, 5.2], color="black", lw=0.7)
    note("foes, to which it yields", 67, 14.3, "right", RED)
    note("a gap travels back\nat the wave speed", 67, -9.0, "right")
    ax.plot([46.0, 40.0], [-6.6, -3.2], color="black", lw=0.7)
    ax.annotate("", (22, -14.0), (67, -14.0), arrowprops={"arrowstyle": "<->", "lw": 0.9})
    ax.annotate("", (-48, -14.0), (0, -14.0), arrowprops={"arrowstyle": "<->", "lw": 0.9})
    note("lane: a ring of vehicles", -24, -16.4, "center")
    note("next lane: storage", 44.5, -16.4, "center")
    note("link", 11, -16.4, "center")
    ax.annotate("", (0, -14.0), (22, -14.0), arrowprops={"arrowstyle": "<->", "lw": 0.9})
    ax.set_xlim(-49, 68)
    ax.set_ylim(-19, 24)
    ax.set_axis_off()


def main() -> int:
    """Writes the drawing."""
    with mpl.rc_context({"font.size": 10.5, "svg.hashsalt": "nutgiao", "font.family": "DejaVu Sans"}):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.7), width_ratios=(1.0, 1.0), layout="constrained")
        scheme(left)
        space_time(right)
        figure.savefig(OUT, metadata={"Date": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
