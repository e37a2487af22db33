"""The demand of a working day: who sets out when, from where, to where, and which rule he will break."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nutgiao.simulation.vehicles import TYPES

ENTRIES: dict[str, str] = {
    "W": "W_j1", "E": "E_j3", "N1": "N1_j1", "S1": "S1_j1", "N2": "N2_j2", "S2": "S2_j2", "N3": "N3_j3", "S3": "S3_j3",
}  # fmt: skip
"""Where traffic comes in: name of the origin and its first edge."""

_TURNS: dict[str, tuple[str, str, str]] = {
    # edge: left, through, right
    "W_j1": ("j1_N1", "j1_j2", "j1_S1"), "j2_j1": ("j1_S1", "j1_W", "j1_N1"),
    "N1_j1": ("j1_j2", "j1_S1", "j1_W"), "S1_j1": ("j1_W", "j1_N1", "j1_j2"),
    "j1_j2": ("j2_N2", "j2_j3", "j2_S2"), "j3_j2": ("j2_S2", "j2_j1", "j2_N2"),
    "N2_j2": ("j2_j3", "j2_S2", "j2_j1"), "S2_j2": ("j2_j1", "j2_N2", "j2_j3"),
    "j2_j3": ("j3_N3", "j3_E", "j3_S3"), "E_j3": ("j3_S3", "j3_j2", "j3_N3"),
    "N3_j3": ("j3_E", "j3_S3", "j3_j2"), "S3_j3": ("j3_j2", "j3_N3", "j3_E"),
}  # fmt: skip

_BUS_LINES = (
    ("W_j1 j1_j2 j2_j3 j3_E", ("stop_cho_hom", "stop_ho_sen")),
    ("E_j3 j3_j2 j2_j1 j1_W", ("stop_ho_sen_back", "stop_cho_hom_back")),
)

_WRONG_WAY_EDGES = ("alley_w1", "alley_e2", "alley_s3")


@dataclass(frozen=True, slots=True)
class Profile:
    """Demand over the day.

    Attributes:
        veh_per_h: rate of each origin at factor 1.
        inbound: (hour, factor) points, straight lines between them, for origins that feed the morning's direction.
        outbound: the same for the other origins.
        left_right: shares of left and right turns per edge; others by `side_left_right` and `main_left_right`.
        walkers_per_h: people who cross, per junction, at factor 1.
        shares: share of each vehicle type; the motorcycle takes the rest.
        bus_headway_s: time between buses of a direction.
        wrong_way_per_h: wrong-way riders per alley.
    """

    veh_per_h: dict[str, float]
    inbound: tuple[tuple[float, float], ...]
    outbound: tuple[tuple[float, float], ...]
    left_right: dict[str, tuple[float, float]]
    shares: dict[str, float]
    walkers_per_h: float = 320.0
    bus_headway_s: float = 240.0
    wrong_way_per_h: float = 15.0

    def factor(self, origin: str, time_s: float) -> float:
        """Factor on an origin's rate at a time of day, seconds since midnight."""
        points = np.array(self.outbound if origin == "E" else self.inbound)
        return float(np.interp(time_s / 3600.0 % 24.0, points[:, 0], points[:, 1]))


WORKDAY = Profile(
    veh_per_h={"W": 2600, "E": 1200, "N1": 360, "S1": 400, "N2": 380, "S2": 320, "N3": 330, "S3": 360},
    # The offices' peak is short: it builds up from 07:00, stands from 07:06 to 07:15 and is over at 07:21.
    inbound=(
        (0, 0.06), (5, 0.15), (6.5, 0.55), (7.0, 0.75), (7.1, 1.0), (7.25, 1.0), (7.35, 0.65), (8.5, 0.6), (10, 0.5),
        (11.5, 0.6), (13, 0.5), (16.5, 0.65), (17.2, 0.8), (18.2, 0.75), (20, 0.4), (22, 0.2), (24, 0.06),
    ),
    outbound=(
        (0, 0.06), (5, 0.12), (6.5, 0.6), (7.0, 0.85), (7.1, 1.0), (7.25, 1.0), (7.35, 0.8), (8.5, 0.8), (10, 0.7),
        (11.5, 0.8), (13, 0.7), (16.5, 1.2), (17.2, 1.7), (18.2, 1.6), (20, 0.6), (22, 0.25), (24, 0.06),
    ),
    left_right={
        "W_j1": (0.0, 0.08), "j2_j1": (0.0, 0.09), "j1_j2": (0.10, 0.07), "j3_j2": (0.10, 0.08),
        "j2_j3": (0.0, 0.09), "E_j3": (0.0, 0.08),
    },
    shares={
        "car": 0.147, "car_late": 0.004, "car_overrun": 0.008, "car_fast": 0.002, "truck": 0.02, "bicycle": 0.02,
        "motorcycle_late": 0.12, "motorcycle_runner": 0.035, "motorcycle_overrun": 0.05, "motorcycle_fast": 0.01,
    },
)  # fmt: skip
"""A working day with the morning's peak from west to east."""

_SIDE_LEFT_RIGHT = (0.22, 0.30)

_CROSSING_WALKS: dict[str, tuple[str, ...]] = {
    # the sidewalk before the crossings and the one after: a walk along one road over the other
    "j1": ("W_j1 j1_j2", "j2_j1 j1_W", "N1_j1 j1_S1", "S1_j1 j1_N1"),
    "j2": ("j1_j2 j2_j3", "j3_j2 j2_j1", "N2_j2 j2_S2", "S2_j2 j2_N2"),
    "j3": ("j2_j3 j3_E", "E_j3 j3_j2", "N3_j3 j3_S3", "S3_j3 j3_N3"),
}


def make_demand(seed: int, begin_s: float, end_s: float, profile: Profile, out_dir: Path) -> Path:
    """Writes the road users of a period for SUMO.

    An id starts with its origin (``W_12``, ``N2_3``, ``bus_0``, ``alley_w1_2``, ``walk_j1_4``).

    Args:
        seed: the same seed gives the same file, byte for byte.
        begin_s: start, seconds since midnight.
        end_s: end, seconds since midnight.
        profile: demand over the day.
        out_dir: folder for the file.

    Returns:
        Path of ``demand.rou.xml``.
    """
    random = np.random.default_rng((0x6E7567, seed))
    trips: list[tuple[float, str]] = []
    for origin in ENTRIES:
        trips += _vehicles(random, origin, begin_s, end_s, profile)
    trips += _buses(random, begin_s, end_s, profile)
    trips += _wrong_way(random, begin_s, end_s, profile)
    trips += _walkers(random, begin_s, end_s, profile)
    trips.sort(key=lambda trip: trip[0])
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / "demand.rou.xml"
    body = [*(one.xml() for one in TYPES.values()), *(text for _, text in trips)]
    path.write_text("<routes>\n" + "\n".join(body) + "\n</routes>\n", encoding="utf-8")
    return path


def _departures(
    random: np.random.Generator, begin_s: float, end_s: float, peak_per_h: float, profile: Profile, origin: str
) -> list[float]:
    """Times of a Poisson process whose rate follows the profile, by thinning."""
    top = peak_per_h * 2.0
    count = random.poisson(top * (end_s - begin_s) / 3600.0)
    times = np.sort(random.uniform(begin_s, end_s, count))
    keep = random.uniform(0.0, 2.0, count)
    return [float(t) for t, k in zip(times, keep, strict=True) if k < profile.factor(origin, float(t))]


def _vehicles(
    random: np.random.Generator, origin: str, begin_s: float, end_s: float, profile: Profile
) -> list[tuple[float, str]]:
    names = ["motorcycle", *profile.shares]
    shares = [1.0 - sum(profile.shares.values()), *profile.shares.values()]
    times = _departures(random, begin_s, end_s, profile.veh_per_h[origin], profile, origin)
    kinds = random.choice(len(names), size=len(times), p=shares)
    found = []
    for number, (time, kind) in enumerate(zip(times, kinds, strict=True)):
        edges = " ".join(_route(random, ENTRIES[origin], profile))
        found.append((time, _vehicle(f"{origin}_{number}", names[kind], time, edges)))
    return found


def _vehicle(name: str, kind: str, time_s: float, edges: str) -> str:
    side = "random_free" if kind.startswith(("motorcycle", "bicycle")) else "center"
    start = 'departLane="best" departSpeed="desired"' if not name.startswith("alley") else 'departSpeed="desired"'
    return (
        f'<vehicle id="{name}" type="{kind}" depart="{time_s:.1f}" {start} departPosLat="{side}">'
        f'<route edges="{edges}"/></vehicle>'
    )


def _route(random: np.random.Generator, edge: str, profile: Profile) -> list[str]:
    edges = [edge]
    while edges[-1] in _TURNS:
        here = edges[-1]
        left, right = profile.left_right.get(here, _SIDE_LEFT_RIGHT)
        draw = random.uniform()
        edges.append(_TURNS[here][0 if draw < left else 2 if draw < left + right else 1])
    return edges


def _buses(random: np.random.Generator, begin_s: float, end_s: float, profile: Profile) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for edges, stops in _BUS_LINES:
        time = begin_s + float(random.uniform(0.0, profile.bus_headway_s))
        while time < end_s:
            calls = "".join(f'<stop busStop="{stop}" duration="{random.uniform(10.0, 20.0):.0f}"/>' for stop in stops)
            # the kerb lane, where its stops are
            text = (
                f'<vehicle id="bus_{len(found)}" type="bus" depart="{time:.1f}" departLane="1" departSpeed="desired">'
                f'<route edges="{edges}"/>{calls}</vehicle>'
            )
            found.append((time, text))
            time += profile.bus_headway_s + float(random.normal(0.0, 20.0))
    return found


def _wrong_way(random: np.random.Generator, begin_s: float, end_s: float, profile: Profile) -> list[tuple[float, str]]:
    found = []
    for edge in _WRONG_WAY_EDGES:
        times = _departures(random, begin_s, end_s, profile.wrong_way_per_h, profile, "W")
        found += [(t, _vehicle(f"{edge}_{n}", "motorcycle_wrong_way", t, edge)) for n, t in enumerate(times)]
    return found


def _walkers(random: np.random.Generator, begin_s: float, end_s: float, profile: Profile) -> list[tuple[float, str]]:
    found = []
    for node, walks in _CROSSING_WALKS.items():
        times = _departures(random, begin_s, end_s, profile.walkers_per_h, profile, "W")
        for number, time in enumerate(times):
            edges = walks[int(random.integers(len(walks)))]
            text = (
                f'<person id="walk_{node}_{number}" type="pedestrian" depart="{time:.1f}" departPos="-25">'
                f'<walk edges="{edges}" arrivalPos="15"/></person>'
            )
            found.append((time, text))
    return found
