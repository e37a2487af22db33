"""One hour of street before three cameras: what rule breakers really did, and what the rules told of it.

Who did what is read from SUMO's own positions and lamps, never from what a vehicle was made for: a rider meant to run
the red who in fact stopped did nothing. Perception gets boxes only; which vehicle a told track was is found afterwards
from where its boxes lay, frame by frame, over the bodies before the camera.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.violations_cameras import is_asked, is_wide, needs_turn, virtual_camera
from benchmarks.violations_outcome import QUALITIES, Outcome, RunCase, Seen, Told
from benchmarks.violations_street import opened
from benchmarks.vision_counts import TrueCounts, worse
from nutgiao.edge.perception import Perception
from nutgiao.edge.snapshot import Snapshot
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.contracts.words import CLASSES, ViolationKind
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.gate import iou
from nutgiao.simulation.breakers_truth import Deed, DeedRecorder
from nutgiao.simulation.street import RoadUsers
from nutgiao.simulation.virtual_camera import VirtualCamera

REMEMBERED_S = 360.0
"""Frames of the last minutes are kept: a stop beyond the line is told when its red is over, parking after minutes."""

AROUND_S = 3.0
STANDING = frozenset({ViolationKind.STOPPING, ViolationKind.PARKING})
"""A track that was lost and found began after the act: who it is, is asked when it was told."""

LEAST_OVERLAP = 0.3


@dataclass(slots=True)
class _Look:
    """One camera's view of one instant, for judging only."""

    time_s: float
    users: RoadUsers
    rows: NDArray[np.int64]
    boxes: NDArray[np.float32]
    visible: NDArray[np.float64]
    tracks: dict[str, Snapshot] = field(default_factory=dict)


Eyes = dict[tuple[str, str], tuple[VirtualCamera, deque[_Look]]]


def run(case: RunCase, folder: Path) -> Outcome:
    """Runs a case.

    Args:
        case: what is run.
        folder: for SUMO's files.
    """
    began = time.process_time()
    randoms = iter(np.random.default_rng((0x747275, case.seed)).spawn(100))
    told: list[Told] = []
    seen: list[Seen] = []
    with opened(case, folder) as (street, sites, tick):
        eyes: Eyes = {
            (node, camera.id): (virtual_camera(camera, site.approach(camera.approaches[0]), next(randoms)), deque())
            for node, site in sites.items()
            for camera in site.cameras
        }
        camera_of = {
            (node, approach, is_wide(camera.id)): camera.id
            for node, site in sites.items()
            for camera in site.cameras
            for approach in camera.approaches
        }

        def looks_of(deed: Deed) -> deque[_Look]:
            has_wide = (deed.node, deed.approach, True) in camera_of
            wide = has_wide and needs_turn(deed.kind, sites[deed.node].approach(deed.approach))
            return eyes[deed.node, camera_of[deed.node, deed.approach, wide]][1]

        minds = {(q.name, node): Perception(site, node, "bench") for q in QUALITIES for node, site in sites.items()}
        spoils = {q.name: next(randoms) for q in QUALITIES}
        truth, counts = DeedRecorder(street, sites), TrueCounts(street, sites)
        waiting: list[Deed] = []
        for second in range(case.begin_s, case.begin_s + case.seconds):
            tick(second)
            for half in range(2):
                users = street.step()
                if half == 0:
                    for (quality, node), mind in minds.items():
                        mind.on_signal(second, street.shown[node])
                        for one in mind.second(float(second)).violations:  # the lamps are known on both sides now
                            approach = None if one.approach is None else sites[node].approach(one.approach)
                            if is_asked(one.camera, one.kind, approach, (node, one.approach, True) in camera_of):
                                told.append(_told(quality, node, one, eyes[node, one.camera][1]))
                truth.observe(users)
                counts.follow(users)
                for (node, camera), (eye, looks) in eyes.items():
                    found = eye.see(users)
                    look = _Look(users.time_s, users, *eye.bodies())
                    for q in QUALITIES:
                        frame = DetectedFrame(camera, users.time_s, second, worse(found, q, spoils[q.name]))
                        look.tracks[q.name] = minds[q.name, node].on_frame(frame)
                    looks.append(look)
                    if looks[0].time_s < users.time_s - REMEMBERED_S:
                        looks.popleft()
            waiting += truth.taken()
            while waiting and waiting[0].noted_s < second - AROUND_S:
                deed = waiting.pop(0)
                seen.append(_seen(deed, looks_of(deed)))
        truth.finish()
        waiting += truth.taken()
        seen += [_seen(deed, looks_of(deed)) for deed in waiting]
    return Outcome(
        case=case,
        crossings=counts.counts.total(),
        deeds=truth.deeds,
        seen=seen,
        told=told,
        cpu_s=round(time.process_time() - began, 1),
    )


def _told(quality: str, node: str, one: Violation, looks: deque[_Look]) -> Told:
    """Finds out who it was: whose body lay under the track's box in most frames around the act."""
    when_s = one.moments[1] if one.kind in STANDING else one.occurred_s
    votes: Counter[str] = Counter()
    classes: dict[str, str] = {}
    for look in looks:
        if abs(look.time_s - when_s) > AROUND_S:
            continue
        snapshot = look.tracks[quality]
        row = np.flatnonzero((snapshot.numbers == one.number) & ~snapshot.coasting)
        if not len(row) or not len(look.boxes):
            continue
        overlap = iou(snapshot.boxes_px[row[:1]], look.boxes)[0]
        best = int(overlap.argmax())
        if overlap[best] >= LEAST_OVERLAP:
            body = int(look.rows[best])
            votes[look.users.ids[body]] += 1
            classes[look.users.ids[body]] = CLASSES[look.users.classes[body]].value
    vehicle = votes.most_common(1)[0][0] if votes else ""
    return Told(
        quality=quality,
        kind=one.kind,
        node=node,
        place=one.approach or one.zone or "",
        time_s=round(float(one.occurred_s), 2),
        track=one.track,
        vehicle=vehicle,
        vehicle_class=one.vehicle_class.value,
        true_class=classes.get(vehicle, ""),
        lane=one.lane or "",
        numbers={name: float(value) for name, value in one.numbers.items()},
    )


def _seen(deed: Deed, looks: deque[_Look]) -> Seen:
    """How well the doer was seen around the deed."""
    frames, visible = 0, 0.0
    tracked: dict[str, int] = defaultdict(int)
    for look in looks:
        if abs(look.time_s - deed.time_s) > AROUND_S or deed.vehicle not in look.users.ids:
            continue
        frames += 1
        at = np.flatnonzero(look.rows == look.users.ids.index(deed.vehicle))
        if not len(at):
            continue
        visible += float(look.visible[at[0]])
        for quality, snapshot in look.tracks.items():
            boxes = snapshot.boxes_px[~snapshot.coasting]
            if len(boxes) and iou(look.boxes[at[:1]], boxes).max() >= LEAST_OVERLAP:
                tracked[quality] += 1
    n = max(frames, 1)
    return Seen(tracked={q.name: round(tracked[q.name] / n, 2) for q in QUALITIES}, visible=round(visible / n, 2))
