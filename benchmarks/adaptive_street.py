"""The demo's street with the boxes' own code in one process: perception, neighbours and adaptive control, no broker.

Each simulated second every box gets its frames and its cabinet's report, as over the wire, and calls for a stage. What
a box announces reaches its neighbours with the next second.
"""

from __future__ import annotations

import io
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nutgiao.cli.edge_chooser import HorizonChooser
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.adaptive import Adaptive
from nutgiao.edge.signal.announce import Announcer
from nutgiao.edge.virtual import frame_of
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.messages import Announcement
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.step_guard import LampsRefused, StepGuard
from nutgiao.models.contracts.street import End, Step, StepDone
from nutgiao.models.contracts.timeline import INDICATIONS
from nutgiao.models.contracts.words import Indication
from nutgiao.models.queueing.junction.site import site_tables
from nutgiao.models.queueing.junction.site_rows import PERSONS
from nutgiao.simulation.run import Job, Run, RunResult
from nutgiao.simulation.vehicles import TYPES


@dataclass
class Box:
    """One junction's box.

    Attributes:
        adaptive: runs the junction.
        decide_ms: processor time of each choice, with what is seen put in order before it.
        called: seconds in which it called for a stage.
    """

    site: Site
    adaptive: Adaptive = field(init=False)
    perception: Perception = field(init=False)
    announcer: Announcer = field(init=False)
    decide_ms: list[float] = field(default_factory=list)
    called: int = 0

    def __post_init__(self) -> None:
        """Puts the box together."""
        tables = site_tables(self.site)
        self.adaptive = Adaptive(self.site, tables, HorizonChooser(tables))
        self.perception = Perception(self.site, self.site.id, "bench")
        self.announcer = Announcer(self.site, tables, self.adaptive.sight.turns.of)

    def second(self, step: Step, heard: Sequence[Announcement]) -> tuple[StepDone, Announcement]:
        """One second's work."""
        status, now_s = step.signal, step.time_s
        assert status is not None
        assert self.site.signals is not None
        groups = zip(self.site.signals.groups, status.groups, strict=True)
        self.perception.on_signal(now_s, {group.id: shown for group, shown in groups})
        for frame in step.frames:
            self.perception.on_frame(frame_of(frame, 0))
        result = self.perception.second(now_s)
        began = time.thread_time()
        for message in heard:
            self.adaptive.neighbours.hear(message, now_s)
        self.adaptive.see(now_s, status, result)
        call = self.adaptive.call(now_s, status)
        self.decide_ms.append(1000.0 * (time.thread_time() - began))
        self.called += call is not None
        told = Announcement(
            id="", node=self.site.id, boot="bench", seq=0, time_s=now_s, expires_s=now_s + 10.0,
            arrivals=self.announcer.tell(result.crossings),
        )  # fmt: skip
        return StepDone(now_s, requests=() if call is None else (call,)), told


class LocalBoxes:
    """In place of the wire: the same calls, answered in this process.

    Args:
        boxes: by node; those not named stay on their cabinet's plan.
        neighbours: whether announcements are passed on.
    """

    def __init__(self, boxes: Mapping[str, Box], *, neighbours: bool = True) -> None:
        self.boxes, self._neighbours = boxes, neighbours
        self._answers: dict[str, StepDone] = {}
        self._told: list[Announcement] = []
        self._next: list[Announcement] = []
        self._time_s = 0.0
        self.shown: dict[str, list[CabinetStatus]] = defaultdict(list)

    def send(self, node: str, message: Step | End) -> None:
        """A second for one participant."""
        if not isinstance(message, Step):
            return
        if message.time_s > self._time_s:
            self._time_s, self._told, self._next = message.time_s, self._next, []
        if message.signal is not None:
            self.shown[node].append(message.signal)
        if node not in self.boxes:
            self._answers[node] = StepDone(message.time_s)
            return
        box = self.boxes[node]
        heard = [one for one in self._told if one.node in box.adaptive.neighbours.nodes] if self._neighbours else []
        self._answers[node], told = box.second(message, heard)
        self._next.append(told)

    def receive(self, node: str) -> StepDone:
        """Its answer."""
        return self._answers[node]


class LocalRun(Run):
    """A run with boxes in this process."""

    def __init__(self, job: Job, boxes: LocalBoxes) -> None:
        super().__init__(job, io.StringIO())
        self._boxes = boxes

    def _open(self) -> LocalBoxes:
        return self._boxes


@dataclass(frozen=True)
class PersonDelay:
    """Delay per person of those who set out in the measured period, seconds.

    Attributes:
        mean_s: of all in vehicles and of those on foot.
        vehicles_s: in vehicles.
        origins_s: in vehicles, by where they came in.
        crossing_s: mean wait of those on foot.
        persons: in vehicles.
    """

    mean_s: float
    vehicles_s: float
    origins_s: dict[str, float]
    crossing_s: float
    persons: float


def person_delay(tripinfo: Path, measure_s: float, end_s: float) -> PersonDelay:
    """Reads SUMO's trips of a closed street; who never got in counts with the time that he waited."""
    root = ET.parse(tripinfo).getroot()
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for trip in root.iter("tripinfo"):
        name, depart, late = trip.attrib["id"], float(trip.attrib["depart"]), float(trip.attrib["departDelay"])
        scheduled = (depart if depart >= 0.0 else end_s) - late
        if name.startswith("alley") or not measure_s <= scheduled < end_s:
            continue
        lost = (float(trip.attrib["timeLoss"]) if depart >= 0.0 else 0.0) + late
        each = PERSONS[TYPES[trip.attrib["vType"]].vehicle_class]
        origin = sums[name.rsplit("_", 1)[0]]
        origin[0] += each * lost
        origin[1] += each
    waits = [
        float(walk.attrib.get("waitingTime", walk.attrib["timeLoss"]))
        for person in root.iter("personinfo")
        if measure_s <= float(person.attrib["depart"]) < end_s
        for walk in person.iter("walk")
    ]
    lost, persons = (sum(one[k] for one in sums.values()) for k in (0, 1))
    return PersonDelay(
        mean_s=(lost + sum(waits)) / max(1.0, persons + len(waits)),
        vehicles_s=lost / max(1.0, persons),
        origins_s={name: one[0] / one[1] for name, one in sorted(sums.items())},
        crossing_s=float(np.mean(waits)) if waits else 0.0,
        persons=persons,
    )


def crossing_reds_s(site: Site, shown: Sequence[CabinetStatus]) -> dict[str, int]:
    """Longest red of each crossing, seconds."""
    assert site.signals is not None
    found = {}
    for k, group in enumerate(site.signals.groups):
        if group.pedestrian:
            row = "".join("G" if status.groups[k] is Indication.GREEN else "r" for status in shown)
            found[group.id] = max(len(part) for part in row.split("G"))
    return found


def broken_rules(site: Site, shown: Sequence[CabinetStatus]) -> int:
    """Seconds whose lamps break a safety rule, judged by a guard that knows nothing of who asked for them."""
    assert site.signals is not None
    codes = {indication: code for code, indication in INDICATIONS.items()}
    guard, broken = StepGuard(site.signals.groups, site.signals.intergreens), 0
    for status in shown:
        try:
            guard.step([codes[one] for one in status.groups])
        except (LampsRefused, KeyError):
            broken += 1
            guard = StepGuard(site.signals.groups, site.signals.intergreens)
    return broken


def run_street(job: Job, boxes: LocalBoxes) -> RunResult:
    """One run with boxes in this process."""
    Path(job.folder).mkdir(parents=True, exist_ok=True)
    return LocalRun(job, boxes).run()
