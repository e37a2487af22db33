"""A made-up city for timing: a grid of signalised junctions with three lanes on every approach."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.lane_case import Case, case_of
from nutgiao.models.queueing.network.physics import VehicleKind
from nutgiao.models.queueing.network.tables import GREEN
from nutgiao.simulation.lane_demand import RoutedVehicle
from nutgiao.simulation.lane_street import DEFAULT_WIDTH_M, Street
from nutgiao.simulation.queue_model import QueueScenario
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram

NAME = "synthetic city"

ACROSS, ALONG = 12, 47
"""564 junctions; the grid is closed to a ring both ways, so that each one has four approaches."""

TURNS = np.array([0.20, 0.62, 0.18])
"""Right, straight on, left: one lane each."""
FEWEST_LINKS, MOST_LINKS = 5, 12
"""Of a route, evenly drawn."""

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # north, east, south, west
_STAGES = ("GGg", "yyg", "rrG", "rry")
"""What the lanes of an axis show in its half of the cycle: left turners give way first and go alone afterwards."""


def city_street(random: np.random.Generator) -> Street:
    """The grid: edge ``4 j + a`` leads into junction ``j`` in direction ``a``; lanes for right, straight on, left."""
    junctions = ACROSS * ALONG
    edges = 4 * junctions
    lanes = 3 * edges
    lane = np.arange(lanes)
    turn, edge = lane % 3, lane // 3
    ahead = next_edges()[edge, turn]
    longs_m = np.repeat(random.uniform(120.0, 350.0, edges), 3)
    opposite = 4 * (edge // 4) + (edge + 2) % 4
    foes = tuple((3 * o, 3 * o + 1) if left else () for o, left in zip(opposite.tolist(), turn == 2, strict=True))
    inside_m = np.array([12.0, 18.0, 20.0])[turn]
    programs = []
    for junction in range(junctions):
        green = random.integers(15, 36, 2), random.integers(6, 15, 2)
        program: list[tuple[float, str]] = []
        for axis in (0, 1):
            for duration_s, show in zip((green[0][axis], 3, green[1][axis], 3), _STAGES, strict=True):
                program.append((float(duration_s), "".join(show if a % 2 == axis else "rrr" for a in range(4))))
        durations_s, states = zip(*program, strict=True)
        programs.append(SignalProgram(f"j{junction}", float(random.integers(0, 90)), durations_s, states))
    return Street(
        source=NAME,
        lane_ids=tuple(f"e{e}_{t}" for e, t in zip(edge.tolist(), turn.tolist(), strict=True)),
        lane_length_m=longs_m,
        lane_speed_mps=np.full(lanes, 13.89),
        lane_width_m=np.full(lanes, DEFAULT_WIDTH_M),
        lane_rights=((None, None),) * lanes,
        edges={f"e{e}": (3 * e, 3 * e + 1, 3 * e + 2) for e in range(edges)},
        lane_edge=edge.astype(np.int32),
        link_from=lane.astype(np.int32),
        link_to=(3 * ahead + np.array([0, 1, 1])[turn]).astype(np.int32),
        link_signal=(edge // 4).astype(np.int32),
        link_index=(lane % 12).astype(np.int32),
        link_lamp=np.full(lanes, GREEN, np.int32),
        link_length_m=inside_m,
        link_last_m=np.where(turn == 2, 8.0, inside_m),
        link_first_m=np.where(turn == 2, 12.0, inside_m),
        link_speed_mps=np.array([7.0, 13.89, 9.0])[turn],
        link_waits_inside=turn == 2,
        foes=foes,
        programs=tuple(programs),
    )


def next_edges() -> np.ndarray:
    """``(edges, 3)`` the edge that follows to the right, straight on and to the left."""
    junction, direction = np.divmod(np.arange(4 * ACROSS * ALONG), 4)
    x, y = np.divmod(junction, ALONG)
    follows = []
    for turned in (1, 0, -1):
        out = (direction + turned) % 4
        dx, dy = np.array(_STEPS)[out].T
        follows.append(4 * ((x + dx) % ACROSS * ALONG + (y + dy) % ALONG) + out)
    return np.stack(follows, axis=1)


def city_case(vehicles: int, seconds: int = 900, seed: int = 0) -> Case:
    """The city with so many vehicles, which set out evenly over the time."""
    random = np.random.default_rng(seed)
    street, follows = city_street(random), next_edges()
    departs_s = np.sort(random.uniform(0.0, seconds, vehicles))
    longs = random.integers(FEWEST_LINKS, MOST_LINKS + 1, vehicles)
    turns = random.choice(3, (vehicles, MOST_LINKS), p=TURNS)
    edge = random.integers(0, len(follows), vehicles)
    path = [edge]
    for n in range(MOST_LINKS - 1):
        edge = follows[edge, turns[:, n]]
        path.append(edge)
    edges = np.stack(path, axis=1).tolist()
    driven = [
        RoutedVehicle(f"v{n}", float(departs_s[n]), "car", tuple(f"e{e}" for e in edges[n][: longs[n]]), False)
        for n in range(vehicles)
    ]
    period = Scenario(NAME, Path(NAME), (), 0.0, float(seconds))
    return case_of(
        QueueScenario(period, street, driven, (VehicleKind(),), {"car": (0, "passenger")}), f"{NAME}, {vehicles}"
    )
