"""Writes the site files of the corridor's junctions from the built network and the cameras' geometry.

``python -m nutgiao.simulation.networks.sites configs/sites`` remakes them.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from nutgiao.models.contracts.site import (
    Approach,
    Intergreen,
    Lane,
    Limits,
    Name,
    SignalGroup,
    Signals,
    Site,
    Stage,
    StopLine,
    TimedPlan,
)  # fmt: skip
from nutgiao.models.contracts.words import Turn
from nutgiao.simulation.networks.build import LINE_SETBACK_M, build_network
from nutgiao.simulation.networks.network import ARMS, SignalisedJunction, read_network
from nutgiao.simulation.virtual_camera import site_camera

NAMES = {
    "j1": Name(vi="Hoa Sữa – Hàng Mây", en="Hoa Sua – Hang May"),
    "j2": Name(vi="Hoa Sữa – Cầu Tre", en="Hoa Sua – Cau Tre"),
    "j3": Name(vi="Hoa Sữa – Chợ Sen", en="Hoa Sua – Cho Sen"),
}

AMBER_S = 3
LEAST_ALL_RED_S = 2
CAR_LENGTH_M = 6.0
"""ITE's figure (20 ft): a vehicle's tail must be out, too."""

LEFT_TURN_MPS = 8.33
WALKING_MPS = 1.07
CROSSWALK_M = 4.0

TWO_WHEELER_TOLERANCE_M = 4.2
"""Lawful riders stand up to 3.4 m beyond the line, those who overrun it 5.8 m: the limit lies between."""

CONFLICT_M = 8.0
"""The crosswalk begins 6 m beyond the line; its middle is where a vehicle counts as in the junction."""

TABLE: tuple[tuple[str, str, dict[str, tuple[int, tuple[int, ...]]]], ...] = (
    # plan, start, and per junction the offset and the greens of its stages
    ("night", "22:00", {"j1": (0, (25, 24)), "j2": (18, (19, 8, 14)), "j3": (58, (25, 24))}),
    ("morning", "06:00", {"j1": (0, (52, 33)), "j2": (19, (38, 11, 28)), "j3": (61, (52, 33))}),
    ("midday", "09:30", {"j1": (0, (39, 36)), "j2": (19, (32, 10, 25)), "j3": (61, (39, 36))}),
    ("evening", "16:00", {"j1": (61, (47, 38)), "j2": (42, (39, 10, 28)), "j3": (0, (47, 38))}),
    ("late", "19:30", {"j1": (0, (33, 32)), "j2": (19, (27, 9, 21)), "j3": (61, (33, 32))}),
)
"""The table as a traffic engineer timed it some years ago, when the side streets carried more: by a count of that time,
with offsets for a green wave at 38 km/h to the east in the morning and to the west in the evening."""


def make_site(junction: SignalisedJunction) -> Site:
    """The site of a junction.

    Args:
        junction: as read from the network.
    """
    approaches = tuple(_approach(junction, arm) for arm in ARMS if arm in junction.legs)
    return Site(
        schema="nutgiao/site/1",
        id=junction.id,
        name=NAMES[junction.id],
        approaches=approaches,
        signals=_signals(junction),
        cameras=tuple(site_camera(approach, f"cam_{approach.id}", (-12.0, 75.0)) for approach in approaches),
    )


def _approach(junction: SignalisedJunction, arm: str) -> Approach:
    leg = junction.legs[arm]
    bearing = math.radians(leg.heading_deg)
    origin = (
        round(leg.end_m[0] - LINE_SETBACK_M * math.sin(bearing), 2),
        round(leg.end_m[1] - LINE_SETBACK_M * math.cos(bearing), 2),
    )
    links = [link for link in junction.links if link.arm == arm and not link.is_crossing]
    turns = [{link.turn for link in links if link.lane == lane} for lane in range(len(leg.lane_widths_m))]
    lanes = tuple(
        Lane(id=f"{arm}_{k + 1}", width_m=width, turns=tuple(turn for turn in Turn if turn in turns[k]))
        for k, width in enumerate(leg.lane_widths_m)
    )
    groups = {link.turn: link.group for link in links}
    left = groups.get(Turn.LEFT)
    return Approach(
        id=arm,
        origin_m=origin,
        heading_deg=leg.heading_deg,
        lanes=lanes,
        signal_group=groups[Turn.THROUGH],
        left_signal_group=left if left != groups[Turn.THROUGH] else None,
        speed_limit_mps=leg.speed_mps,
        length_m=round(leg.length_m - LINE_SETBACK_M, 1),
        upstream=leg.from_node if leg.from_node in NAMES else None,
        stop_line=StopLine(two_wheeler_tolerance_m=TWO_WHEELER_TOLERANCE_M, conflict_m=CONFLICT_M),
    )


def _signals(junction: SignalisedJunction) -> Signals:
    least = {"main": 12, "side": 10, "main_left": 6}
    groups = tuple(
        SignalGroup(id=name, pedestrian=True, min_green_s=7, amber_s=0)
        if name.startswith("walk")
        else SignalGroup(id=name, min_green_s=least[name], amber_s=AMBER_S)
        for name in junction.groups
    )
    stages = [Stage(id="main", groups=("main", "walk_side")), Stage(id="side", groups=("side", "walk_main"))]
    if "main_left" in junction.groups:
        stages.insert(1, Stage(id="left", groups=("main_left",)))
    together = [set(stage.groups) for stage in stages]
    pairs = tuple(
        Intergreen(from_group=a, to_group=b, seconds=_intergreen_s(junction, a, b))
        for a in junction.groups
        for b in junction.groups
        if _foes(junction, a, b) and not any({a, b} <= stage for stage in together)
    )
    table = tuple(
        TimedPlan(id=name, start=start, offset_s=plans[junction.id][0], green_s=plans[junction.id][1])
        for name, start, plans in TABLE
    )
    return Signals(groups=groups, stages=tuple(stages), intergreens=pairs, limits=Limits(), time_of_day=table)


def _foes(junction: SignalisedJunction, a: str, b: str) -> bool:
    if a == b:
        return False
    return bool(junction.foes[[[i] for i in junction.links_of(a)], junction.links_of(b)].any())


def _intergreen_s(junction: SignalisedJunction, ending: str, starting: str) -> int:
    """Amber and all-red after ITE, R = (W + L) / v rounded up, or the time that people need to walk over."""
    links = [junction.links[i] for i in junction.links_of(ending)]
    if links[0].is_crossing:
        return math.ceil(max(link.length_m for link in links) / WALKING_MPS)
    # a group with a straight movement clears at its speed; its turns go before the oncoming traffic ends
    straight = [link for link in links if link.turn is Turn.THROUGH]
    path_m = LINE_SETBACK_M + max(link.length_m for link in straight or links)
    if not starting.startswith("walk"):
        path_m -= CROSSWALK_M  # the conflict ends before the crosswalk of the far side
    speed = min(junction.legs[link.arm].speed_mps for link in links) if straight else LEFT_TURN_MPS
    return AMBER_S + max(LEAST_ALL_RED_S, math.ceil((path_m + CAR_LENGTH_M) / speed))


HEAD = """\
# Site {id} of the demonstration: {name}. Made from the simulated network by
# python -m nutgiao.simulation.networks.sites; change the network or that module, not this file.
# Ground plane: the network's coordinates, metres. All-red times follow ITE, (W + L) / v rounded up; a crossing's
# intergreen is its length at 1.07 m/s, counted from the end of walk.
"""


def write_site(site: Site, path: Path) -> None:
    """Writes a site file."""
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 140
    yaml.indent(mapping=2, sequence=4, offset=2)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD.format(id=site.id, name=site.name.vi))
        yaml.dump(_plain(msgspec.to_builtins(site)), file)


def _plain(value: Any) -> Any:
    """Leaves out what says nothing and quotes times, which YAML 1.1 readers take for numbers."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None and part != []}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and ":" in value else value


def main(out_dir: Path) -> None:
    """Builds the network and writes every site file."""
    with tempfile.TemporaryDirectory() as folder:
        junctions = read_network(build_network(Path(folder)))
    for junction in junctions.values():
        site = make_site(junction)
        write_site(site, out_dir / f"demo-{site.id}.yaml")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
