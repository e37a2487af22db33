"""The one door from detections to traffic: tracks, lane states, violations, evidence, for all cameras of a node.

Frames may come before or after the lamps of their second: the rules look at a second's frames when it is closed, with
the lamps known on both sides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.evidence.case import Case, open_case
from nutgiao.edge.evidence.ring import FrameRing
from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.lanes.estimator import LaneEstimator
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.lanes.placement import Placement
from nutgiao.edge.lanes.speedometer import Speedometer
from nutgiao.edge.track.prior import ApproachPrior
from nutgiao.edge.track.settings import TrackerSettings
from nutgiao.edge.track.tracker import Tracker
from nutgiao.edge.track.tracks import Tracks
from nutgiao.edge.violation.red_light import RedLightRule, RedLightSettings
from nutgiao.edge.violation.rule import Rule, Violation
from nutgiao.edge.violation.stop_line import StopLineRule, StopLineSettings
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.edge.violation.wrong_way import WrongWayRule, WrongWaySettings
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Approach, Camera, Site
from nutgiao.models.contracts.words import Indication, ViolationKind
from nutgiao.models.vision.calibration import calibrate, noted_noise
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.homography import Homography

SET_BACK_S = 10.0
"""Lamps that were reported for a time so long before the last report come from a clock that was set back."""

_OPEN_CASES = 64  # a case holds three reduced pictures, about 2 MB


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """Settings of the parts; the defaults are what the tests and the demo run with."""

    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    red_light: RedLightSettings = field(default_factory=RedLightSettings)
    stop_line: StopLineSettings = field(default_factory=StopLineSettings)
    wrong_way: WrongWaySettings = field(default_factory=WrongWaySettings)
    ring_s: float = 12.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known about one frame, for drawing: n confirmed tracks.

    Attributes:
        camera: id of the camera.
        time_s: capture time.
        ids: ``n`` ids.
        numbers: ``(n,)`` number within the camera.
        boxes_px: ``(n, 4)``.
        classes: ``(n,)`` index into CLASSES.
        speed_mps: ``(n,)``.
        x_m: ``(n,)`` front, upstream of the stop line; NaN off every approach.
        y_m: ``(n,)`` from the kerb; NaN off every approach.
        approaches: ``n`` approach ids or None.
        lanes: ``n`` lane ids or None.
        queued: ``(n,)`` stands in a queue.
        coasting: ``(n,)`` not seen in this frame.
    """

    camera: str
    time_s: float
    ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    boxes_px: NDArray[np.float32]
    classes: NDArray[np.int8]
    speed_mps: NDArray[np.float64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    approaches: tuple[str | None, ...]
    lanes: tuple[str | None, ...]
    queued: NDArray[np.bool_]
    coasting: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class SecondResult:
    """What one second brought.

    Attributes:
        lane_states: every lane of every watched approach, in the site's order.
        violations: those that became certain.
        crossings: departures.
        snapshots: the last one of each camera.
    """

    lane_states: tuple[LaneState, ...]
    violations: tuple[Violation, ...]
    crossings: tuple[Crossing, ...]
    snapshots: dict[str, Snapshot]


class _WatchedApproach:
    """One approach in the eyes of one camera."""

    def __init__(
        self, approach: Approach, camera: Camera, homography: Homography, settings: PerceptionSettings
    ) -> None:
        self.approach = approach
        self.placement = Placement(approach, camera, homography)
        self.estimator = LaneEstimator(approach, camera.view_m)
        self.rules: tuple[Rule, ...] = (
            RedLightRule(approach, camera.id, settings.red_light),
            StopLineRule(approach, camera.id, settings.stop_line),
            WrongWayRule(approach, camera.id, settings.wrong_way),
        )
        self.lanes = [lane.id for lane in approach.lanes]
        self.groups = {approach.signal_group, approach.left_signal_group or approach.signal_group}
        self.waiting: list[PlacedTracks] = []  # frames that the rules have not seen yet


class _Eye:
    """One camera with its tracker and approaches."""

    def __init__(
        self, camera: Camera, approaches: Sequence[Approach], scope: str, settings: PerceptionSettings
    ) -> None:
        self.camera = camera
        self.calibration = calibrate(np.array(camera.ground_pairs, np.float64), noted_noise(camera.calibration))
        self.homography = self.calibration.homography
        picture = (camera.width_px, camera.height_px)
        prior = ApproachPrior.of(approaches)
        self.tracker = Tracker(scope, self.homography, picture, prior, camera.noise_px, settings.tracker)
        self.watched = [_WatchedApproach(a, camera, self.homography, settings) for a in approaches]
        self.ring = FrameRing(settings.ring_s)
        self.speedometer = Speedometer(self.calibration, camera.noise_px, settings.tracker.noise_share)
        self.snapshot: Snapshot | None = None


class Perception:
    """All cameras of a node. One instance per process run; not thread-safe.

    Args:
        site: the node's site.
        node: node id, first part of every track id.
        boot: run of the process, so that ids never come again.
        cameras: ids of the cameras to use; None takes all.
        settings: settings of the parts.

    Raises:
        ContractError: if a camera's ground pairs fix no ground plane.
        KeyError: if a camera names an approach that the site lacks.
    """

    def __init__(
        self,
        site: Site,
        node: str,
        boot: str,
        *,
        cameras: Sequence[str] | None = None,
        settings: PerceptionSettings = PerceptionSettings(),
    ) -> None:
        self._site, self._node, self._boot, self._settings = site, node, boot, settings
        self._signals, self._signals_s = SignalTrace(), float("-inf")
        self._eyes = {one.id: self._open(one, boot) for one in site.cameras if cameras is None or one.id in cameras}
        self._begun = 0
        self._cases: dict[tuple[str, int, ViolationKind, float], Case] = {}
        self.frames: dict[str, int] = dict.fromkeys(self._eyes, 0)
        self.last_frame_s: dict[str, float] = {}

    def homography(self, camera: str) -> Homography:
        """The map of a camera, with its errors in metres."""
        return self._eyes[camera].homography

    def on_signal(self, time_s: float, groups: Mapping[str, Indication]) -> None:
        """Takes in what the lamps show, each second or whenever a lamp reader knows more.

        Args:
            time_s: when they showed it.
            groups: indication of each signal group.
        """
        if time_s < self._signals_s - SET_BACK_S:
            self._signals = SignalTrace()
        self._signals_s = time_s
        self._signals.report(time_s, groups)

    def on_frame(self, frame: DetectedFrame) -> Snapshot:
        """Takes in one frame of one camera.

        A frame that is older than the last one comes from a clock that was set back: tracks and lanes of this camera
        begin anew, for nobody can say how far anybody has come meanwhile.

        Args:
            frame: detections, in the order of their time for each camera.

        Returns:
            What is known about it now.

        Raises:
            KeyError: if the camera is not of this site.
        """
        eye = self._eyes[frame.camera]
        if frame.time_s <= self.last_frame_s.get(frame.camera, float("-inf")):
            self._begun += 1
            eye = self._eyes[frame.camera] = self._open(eye.camera, f"{self._boot}.{self._begun}")
        tracks = eye.tracker.step(frame.time_s, frame.detections)
        eye.speedometer.add(tracks)
        placed = []
        queued = np.zeros(len(tracks), np.bool_)
        for watched in eye.watched:
            on_approach = watched.placement.step(tracks)
            stands = watched.estimator.on_frame(on_approach)
            queued[tracks.numbers.searchsorted(on_approach.numbers[stands])] = True
            watched.waiting.append(on_approach)
            placed.append(on_approach)
        eye.ring.add(frame, tuple(placed))
        self.frames[frame.camera] += 1
        self.last_frame_s[frame.camera] = frame.time_s
        eye.snapshot = _snapshot(eye, tracks, placed, queued)
        return eye.snapshot

    def second(self, time_s: float, moved: Collection[str] = ()) -> SecondResult:
        """Closes a second, after its frames and its lamps.

        Args:
            time_s: the time now.
            moved: cameras that look elsewhere than where they were calibrated. What they see of a line or a lamp proves
                nothing, so their violations are dropped, those begun before included. They go on counting, and their
                lane states say so.

        Returns:
            Lane states, violations and departures.
        """
        violations: list[Violation] = []
        crossings: list[Crossing] = []
        states: dict[str, tuple[LaneState, ...]] = {}
        for eye in self._eyes.values():
            for watched in eye.watched:
                for placed in watched.waiting:
                    for rule in watched.rules:
                        for violation in rule.step(placed, self._signals):
                            if eye.camera.id in moved:
                                continue
                            self._open_case(violation)
                            if violation.final:
                                violations.append(violation)
                watched.waiting.clear()
                lamps = {group: self._signals.indication_at(group, time_s) for group in watched.groups}
                lane_states, departed = watched.estimator.second(time_s, lamps)
                if eye.camera.id in moved:
                    lane_states = tuple(msgspec.structs.replace(state, moved=True) for state in lane_states)
                # the first camera of an approach speaks for it, unless it has moved and another has not
                if states.setdefault(watched.approach.id, lane_states)[0].moved and not lane_states[0].moved:
                    states[watched.approach.id] = lane_states
                crossings += [replace(one, measured=eye.speedometer.at(one.track, one.time_s)) for one in departed]
        in_order = [state for approach in self._site.approaches for state in states.get(approach.id, ())]
        snapshots = {name: eye.snapshot for name, eye in self._eyes.items() if eye.snapshot is not None}
        return SecondResult(tuple(in_order), tuple(violations), tuple(crossings), snapshots)

    def case(self, violation: Violation) -> Case:
        """Hands out what the evidence of a violation needs, once.

        Args:
            violation: one that `second` has told in its last call.

        Returns:
            Stills, trace and geometry.

        Raises:
            KeyError: if the case was handed out before, or is too old.
        """
        return self._cases.pop(_key(violation))

    def _open(self, camera: Camera, boot: str) -> _Eye:
        approaches = [self._site.approach(name) for name in camera.approaches]
        return _Eye(camera, approaches, f"{self._node}-{camera.id}-{boot}", self._settings)

    def _open_case(self, violation: Violation) -> None:
        """Keeps what the ring knows when a violation is first suspected; forgets cases that nobody fetched."""
        if _key(violation) in self._cases:
            return
        eye = self._eyes[violation.camera]
        approach = self._site.approach(violation.approach)
        case = open_case(violation, approach, eye.camera, eye.homography, eye.ring, self._signals)
        self._cases[_key(violation)] = case
        while len(self._cases) > _OPEN_CASES:
            del self._cases[next(iter(self._cases))]


def _key(violation: Violation) -> tuple[str, int, ViolationKind, float]:
    return violation.camera, violation.number, violation.kind, violation.occurred_s


def _snapshot(eye: _Eye, tracks: Tracks, placed: Sequence[PlacedTracks], queued: NDArray[np.bool_]) -> Snapshot:
    """Puts tracks and their places together."""
    n = len(tracks)
    x, y = np.full(n, np.nan), np.full(n, np.nan)
    approaches: list[str | None] = [None] * n
    lanes: list[str | None] = [None] * n
    for watched, on_approach in zip(eye.watched, placed, strict=True):
        rows = tracks.numbers.searchsorted(on_approach.numbers)
        x[rows], y[rows] = on_approach.x_m, on_approach.y_m
        names = watched.lanes
        for row, lane in zip(rows.tolist(), on_approach.lanes.tolist(), strict=True):
            approaches[row], lanes[row] = watched.approach.id, names[lane]
    return Snapshot(
        camera=eye.camera.id,
        time_s=tracks.time_s,
        ids=tracks.ids,
        numbers=tracks.numbers,
        boxes_px=tracks.boxes_px,
        classes=tracks.classes,
        speed_mps=np.hypot(tracks.velocity_mps[:, 0], tracks.velocity_mps[:, 1]),
        x_m=x,
        y_m=y,
        approaches=tuple(approaches),
        lanes=tuple(lanes),
        queued=queued,
        coasting=tracks.coasting,
    )
