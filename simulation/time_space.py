"""The busiest way through the lights of a scenario, and who was where on it when, with what the lights showed."""

from __future__ import annotations

import itertools
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.detectors import run_stuck
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.variant import Setup
from nutgiao.simulation.xml_elements import elements

WINDOW_S = 600.0
"""Length of a time-space diagram."""

_STEP_S = 2.0
_STRAIGHT_M = 1.5
"""A point of a trajectory is left out if it is that near to the straight line between its neighbours."""
_MOST_ROUTES = 300


@dataclass(frozen=True, slots=True)
class StopLine:
    """A light on the way.

    Attributes:
        light: its id.
        signal: number of the signal for who goes on along the way.
        at_m: from the beginning of the way.
    """

    light: str
    signal: int
    at_m: float


@dataclass(frozen=True, slots=True)
class Corridor:
    """A way through the lights.

    Attributes:
        edges: in order.
        start_m: where each edge begins.
        length_m: of the whole.
        vehicles: that drove all of it.
        stop_lines: in order.
    """

    edges: tuple[str, ...]
    start_m: tuple[float, ...]
    length_m: float
    vehicles: int
    stop_lines: tuple[StopLine, ...]


@dataclass(frozen=True, slots=True)
class TimeSpace:
    """Who was where when.

    Attributes:
        begin_s: of the window.
        end_s: of the window.
        tracks: of each vehicle ``(time_s, position_m)`` points.
        lamps: of each stop line stretches ``(from_s, to_s, letter)``; SUMO's letters.
    """

    begin_s: float
    end_s: float
    tracks: tuple[tuple[tuple[float, float], ...], ...]
    lamps: tuple[tuple[tuple[float, float, str], ...], ...]


class _Net:
    """Lengths and signals of a network."""

    def __init__(self, path: Path) -> None:
        self.length_m: dict[str, float] = {}
        self.signal: dict[tuple[str, str], tuple[str, int]] = {}
        self._via: dict[tuple[str, str], str] = {}
        self._lane_m: dict[str, float] = {}
        for one in elements(path, "net"):
            if one.tag == "edge":
                for lane in one.findall("lane"):
                    self._lane_m[lane.attrib["id"]] = float(lane.attrib["length"])
                    self.length_m[one.attrib["id"]] = float(lane.attrib["length"])
            elif one.tag == "connection":
                key = (one.attrib["from"], one.attrib["to"])
                self._via.setdefault(key, one.get("via", ""))
                if one.get("tl"):
                    self.signal.setdefault(key, (one.attrib["tl"], int(one.attrib["linkIndex"])))

    def junction_m(self, a: str, b: str) -> float:
        """Length of the way over the junction between two edges."""
        length_m, lane = 0.0, self._via.get((a, b), "")
        for _ in range(4):  # a way may have parts, with places to wait between them
            if not lane:
                break
            length_m += self._lane_m.get(lane, 0.0)
            lane = self._via.get((lane.rpartition("_")[0], b), "")
        return length_m

    def core(self, edges: tuple[str, ...]) -> tuple[str, ...]:
        """A route from the edge before its first light to the one after its last."""
        lights = [k for k in range(len(edges) - 1) if edges[k : k + 2] in self.signal]
        return edges[lights[0] : lights[-1] + 2] if lights else ()


def busiest_corridor(setup: Setup, seed: int) -> Corridor:
    """The way with most vehicles times lights; without edges if no vehicle passes a light.

    Args:
        setup: what is run.
        seed: of SUMO.

    Raises:
        SimulationFailed: if SUMO gives up.
    """
    net = _Net(setup.scenario.net)
    routes: Counter[tuple[str, ...]] = Counter()
    with tempfile.TemporaryDirectory(prefix="nutgiao-routes-") as name:
        out = Path(name) / "routes.xml"
        _run(setup, seed, ["--vehroute-output", str(out), "--vehroute-output.write-unfinished"], Path(name))
        for vehicle in elements(out):
            route = next(vehicle.iter("route"), None) if vehicle.tag == "vehicle" else None
            driven = vehicle.findall("routeDistribution/route")  # the last one is the one that was driven
            route = driven[-1] if driven else route
            if route is not None:
                routes[tuple(route.get("edges", "").split())] += 1
    cores: Counter[tuple[str, ...]] = Counter()
    for route_edges, count in routes.items():
        core = net.core(route_edges)
        if core:
            cores[core] += count
    best: tuple[int, int, tuple[str, ...]] = (0, 0, ())
    told = {route: f" {' '.join(route)} " for route in routes}
    for core, _ in cores.most_common(_MOST_ROUTES):
        wanted = f" {' '.join(core)} "
        count = sum(n for route, n in routes.items() if wanted in told[route])
        lights = sum(core[k : k + 2] in net.signal for k in range(len(core) - 1))
        best = max(best, (count * lights, count, core))
    return _corridor(net, best[2], best[1])


def _corridor(net: _Net, edges: tuple[str, ...], vehicles: int) -> Corridor:
    start_m, at_m = [], 0.0
    lines = []
    for k, edge in enumerate(edges):
        start_m.append(at_m)
        at_m += net.length_m[edge]
        if edges[k : k + 2] in net.signal:
            light, signal = net.signal[edge, edges[k + 1]]
            lines.append(StopLine(light, signal, at_m))
        if k + 1 < len(edges):
            at_m += net.junction_m(edge, edges[k + 1])
    return Corridor(edges, tuple(start_m), at_m, vehicles, tuple(lines))


def record(setup: Setup, seed: int, corridor: Corridor, begin_s: float) -> TimeSpace:
    """Runs a setup to the end of a window and tells who was where in it.

    Args:
        setup: what is run.
        seed: of SUMO.
        corridor: where to look.
        begin_s: of the window, which is `WINDOW_S` long or ends with the run.

    Raises:
        SimulationFailed: if SUMO gives up.
    """
    end_s = min(begin_s + WINDOW_S, setup.scenario.end_s)
    with tempfile.TemporaryDirectory(prefix="nutgiao-tracks-") as name:
        folder = Path(name)
        watch, fcd = folder / "watch.add.xml", folder / "tracks.xml"
        lights = sorted({line.light for line in corridor.stop_lines})
        root = ET.Element("additional")
        for number, light in enumerate(lights):
            ET.SubElement(root, "timedEvent", type="SaveTLSStates", source=light, dest=str(folder / f"{number}.xml"))
        ET.ElementTree(root).write(watch, encoding="utf-8")
        chosen = folder / "edges.txt"
        chosen.write_text("".join(f"edge:{edge}\n" for edge in corridor.edges), encoding="utf-8")
        scenario = replace(setup.scenario, additional=(*setup.scenario.additional, watch), end_s=end_s)
        options = ["--fcd-output", str(fcd), "--fcd-output.filter-edges.input-file", str(chosen)]
        options += ["--device.fcd.begin", f"{begin_s:.10g}", "--device.fcd.period", f"{_STEP_S:g}"]
        _run(replace(setup, scenario=scenario), seed, options, folder)
        shown = {light: _states(folder / f"{k}.xml", begin_s, end_s) for k, light in enumerate(lights)}
        lamps = tuple(tuple(_lamp(shown[line.light], line.signal, end_s)) for line in corridor.stop_lines)
        return TimeSpace(begin_s, end_s, tuple(_tracks(fcd, corridor)), lamps)


def _run(setup: Setup, seed: int, options: list[str], folder: Path) -> None:
    everything = [*sumo_options(setup.scenario, seed), *options]
    if setup.stuck:
        run_stuck(everything, setup.stuck, setup.scenario.end_s, folder, setup.scenario.name)
    else:
        run_tool("sumo", everything, setup.scenario.name)


def _states(path: Path, begin_s: float, end_s: float) -> list[tuple[float, str]]:
    if not path.exists():
        raise SimulationFailed(f"SUMO wrote no states of a light to {path.name}")
    found = []
    for one in elements(path):
        time_s = float(one.attrib["time"])
        if begin_s <= time_s < end_s:
            found.append((time_s, one.attrib["state"]))
    return found


def _lamp(states: list[tuple[float, str]], signal: int, end_s: float) -> list[tuple[float, float, str]]:
    found: list[tuple[float, float, str]] = []
    for time_s, state in states:
        letter = state[signal] if signal < len(state) else "O"
        if found and found[-1][2] == letter:
            continue
        if found:
            found[-1] = (found[-1][0], time_s, found[-1][2])
        found.append((time_s, end_s, letter))
    return found


def _tracks(path: Path, corridor: Corridor) -> list[tuple[tuple[float, float], ...]]:
    place = dict(zip(corridor.edges, corridor.start_m, strict=True))
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    found: list[tuple[tuple[float, float], ...]] = []
    for step in elements(path):
        time_s = float(step.attrib["time"])
        for vehicle in step.findall("vehicle"):
            edge = vehicle.attrib["lane"].rpartition("_")[0]
            if edge not in place:
                continue
            at_m = place[edge] + float(vehicle.attrib["pos"])
            track = seen[vehicle.attrib["id"]]
            if track and (at_m < track[-1][1] - 1.0 or time_s - track[-1][0] > 60.0):  # it was elsewhere and is back
                found.append(_thinned(track))
                track.clear()
            track.append((time_s, round(at_m, 1)))
    found += [_thinned(track) for track in seen.values()]
    return [track for track in found if len(track) > 1]


def _thinned(track: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Without points that lie on the straight line between the last that stayed and the next (Reumann and Witkam)."""
    kept = track[:1]
    for one, after in itertools.pairwise(track[1:]):
        (t0, x0), (t1, x1), (t2, x2) = kept[-1], one, after
        if abs(x0 + (x2 - x0) * (t1 - t0) / max(t2 - t0, 1e-9) - x1) > _STRAIGHT_M:
            kept.append(one)
    return tuple(kept + track[-1:] if len(track) > 1 else kept)
