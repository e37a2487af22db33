"""The one door from detections to traffic: tracks, lane states, violations, evidence, for all cameras of a node.

Frames may come before or after the lamps of their second: the rules look at a second's frames when it is closed, with
the lamps known on both sides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from nutgiao.edge.evidence.case import Case, OpenCase
from nutgiao.edge.evidence.ring import FrameRing
from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.lanes.estimator import LaneEstimator
from nutgiao.edge.lanes.placement import Placement
from nutgiao.edge.lanes.speedometer import Speedometer
from nutgiao.edge.snapshot import Snapshot, snapshot_of
from nutgiao.edge.track.prior import ApproachPrior
from nutgiao.edge.track.settings import TrackerSettings
from nutgiao.edge.track.tracker import Tracker
from nutgiao.edge.violation.registry import check_rules, setting_of
from nutgiao.edge.violation.rider_votes import Looks, RiderVotes
from nutgiao.edge.violation.rule import Post, Scene, Violation
from nutgiao.edge.violation.running import RunningRules
from nutgiao.edge.violation.trace import CONTROLLER, SignalTrace
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.messages import LaneState
from nutgiao.models.contracts.site import Approach, Camera, Site
from nutgiao.models.contracts.words import Indication, ViolationKind, ViolationName
from nutgiao.models.vision.calibration import calibrate, noted_noise
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.homography import Homography

SET_BACK_S = 10.0
"""Lamps that were reported for a time so long before the last report come from a clock that was set back."""

_OPEN_CASES = 64
_OPEN_BYTES = 192 * 1024 * 1024  # pictures of all open cases; those that several hold are counted for each


@dataclass(frozen=True, slots=True)
class PerceptionSettings:
    """Settings of the parts; the defaults are what the tests and the demo run with. Rules have theirs in the site.

    Attributes:
        tracker: of each camera's tracker.
        ring_s: how long frames are kept for evidence.
        cases: what shows a violation is kept until `Perception.case` fetches it; off where nobody makes evidence.
    """

    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    ring_s: float = 12.0
    cases: bool = True


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

    def __init__(self, approach: Approach, camera: Camera, homography: Homography) -> None:
        self.approach = approach
        self.placement = Placement(approach, camera, homography)
        self.estimator = LaneEstimator(approach, camera.view_m)
        self.groups = {approach.signal_group, approach.left_signal_group or approach.signal_group}


class _Eye:
    """One camera with its tracker, approaches and rules."""

    def __init__(
        self, camera: Camera, site: Site, scope: str, settings: PerceptionSettings, riders: Looks | None
    ) -> None:
        self.camera = camera
        approaches = tuple(site.approach(name) for name in camera.approaches)
        self.calibration = calibrate(np.array(camera.ground_pairs, np.float64), noted_noise(camera.calibration))
        self.homography = self.calibration.homography
        picture = (camera.width_px, camera.height_px)
        prior = ApproachPrior.of(approaches)
        self.tracker = Tracker(scope, self.homography, picture, prior, camera.noise_px, settings.tracker)
        self.watched = [_WatchedApproach(a, camera, self.homography) for a in approaches]
        self.ring = FrameRing(settings.ring_s)
        self.speedometer = Speedometer(self.calibration, camera.noise_px, settings.tracker.noise_share)
        self.approaches = approaches
        asked = any(setting_of(site, kind).enabled for kind in (ViolationKind.NO_HELMET, ViolationKind.OVERLOADED))
        self.riders = RiderVotes(riders, camera.width_px) if riders is not None and asked else None
        post = Post(site, camera, self.calibration, self.speedometer, self.riders)
        self.rules = RunningRules(post, approaches)
        self.waiting: list[Scene] = []  # frames that the rules have not seen yet
        self.snapshot: Snapshot | None = None


class Perception:
    """All cameras of a node. One instance per process run; not thread-safe.

    Args:
        site: the node's site.
        node: node id, first part of every track id.
        boot: run of the process, so that ids never come again.
        cameras: ids of the cameras to use; None takes all.
        settings: settings of the parts.
        riders: the network that counts riders and looks for helmets; None: these rules tell nothing.

    Raises:
        ContractError: if a camera's ground pairs fix no ground plane.
        KeyError: if a camera names an approach that the site lacks.
        ConfigError: if the site asks for a rule or a figure that there is none of.
    """

    def __init__(
        self,
        site: Site,
        node: str,
        boot: str,
        *,
        cameras: Sequence[str] | None = None,
        settings: PerceptionSettings = PerceptionSettings(),
        riders: Looks | None = None,
    ) -> None:
        check_rules(site)
        self._riders = riders
        self._site, self._node, self._boot, self._settings = site, node, boot, settings
        self.signals, self._signals_s = SignalTrace(), float("-inf")
        self._eyes = {one.id: self._open(one, boot) for one in site.cameras if cameras is None or one.id in cameras}
        self._begun = 0
        self.clocks = ClockNote()
        self._cases: dict[tuple[str, int, ViolationName, float], OpenCase] = {}
        self.frames: dict[str, int] = dict.fromkeys(self._eyes, 0)
        self.last_frame_s: dict[str, float] = {}

    def homography(self, camera: str) -> Homography:
        """The map of a camera, with its errors in metres."""
        return self._eyes[camera].homography

    @property
    def rule_faults(self) -> dict[str, str]:
        """Rules of plug-ins that do not run, by kind, with the reason in words."""
        return {kind: reason for eye in self._eyes.values() for kind, reason in eye.rules.faults.items()}

    def on_signal(
        self,
        time_s: float,
        groups: Mapping[str, Indication],
        source: str = CONTROLLER,
        confidence: float | None = None,
        ends_s: float | None = None,
    ) -> None:
        """Takes in what the lamps show, each second or whenever a lamp reader knows more.

        Args:
            time_s: when they showed it.
            groups: indication of each signal group.
            source: who tells: the controller or the picture.
            confidence: 0..1 that it is right; None where the source gives none.
            ends_s: when their countdown will be over; None where none was read.
        """
        if time_s < self._signals_s - SET_BACK_S:
            self.signals = SignalTrace()
        self._signals_s = time_s
        self.signals.report(time_s, groups, source, confidence, ends_s)

    def on_emergency(self, time_s: float, approaches: Collection[str]) -> None:
        """Takes in by which approaches an emergency vehicle may be coming; nobody on them is told of meanwhile.

        Args:
            time_s: now.
            approaches: ids, each second anew.
        """
        self.signals.report_emergency(time_s, approaches)

    def restart(self, why: str) -> None:
        """Begins anew with tracks, lanes and lamps, and tells the cases that are being recorded why."""
        self.signals, self._signals_s = SignalTrace(), float("-inf")
        for name in self._eyes:
            self._begin_anew(name, why)

    def _begin_anew(self, camera: str, why: str) -> _Eye:
        self._begun += 1
        self._eyes[camera] = self._open(self._eyes[camera].camera, f"{self._boot}.{self._begun}")
        self.last_frame_s.pop(camera, None)
        for case in self._cases_of(camera):
            case.trouble(why)
        return self._eyes[camera]

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
            eye = self._begin_anew(frame.camera, "the clock was set back before all of it was recorded")
        tracks = eye.tracker.step(frame.time_s, frame.detections)
        eye.speedometer.add(tracks)
        placed = []
        queued = np.zeros(len(tracks), np.bool_)
        for watched in eye.watched:
            on_approach = watched.placement.step(tracks)
            stands = watched.estimator.on_frame(on_approach)
            queued[tracks.numbers.searchsorted(on_approach.numbers[stands])] = True
            placed.append(on_approach)
        if eye.riders is not None:
            eye.riders.on_frame(frame.image, tracks)
        eye.waiting.append(Scene(frame.time_s, tracks, tuple(placed), eye.approaches))
        kept = eye.ring.add(frame, tracks, tuple(placed))
        for case in self._cases_of(frame.camera):
            case.take(kept)
        self.frames[frame.camera] += 1
        self.last_frame_s[frame.camera] = frame.time_s
        eye.snapshot = snapshot_of(eye.camera.id, tracks, [each.approach for each in eye.watched], placed, queued)
        return eye.snapshot

    def second(self, time_s: float, moved: Collection[str] = (), *, clocks_apart: bool = False) -> SecondResult:
        """Closes a second, after its frames and its lamps.

        Args:
            time_s: the time now.
            moved: cameras that look elsewhere than where they were calibrated. What they see of a line or a lamp proves
                nothing, so their violations are dropped, those begun before included. They go on counting, and their
                lane states say so.
            clocks_apart: lamps and pictures cannot be compared: violations that need a lamp are dropped.

        Returns:
            Lane states, violations and departures.
        """
        violations: list[Violation] = []
        crossings: list[Crossing] = []
        states: dict[str, tuple[LaneState, ...]] = {}
        for eye in self._eyes.values():
            for scene in eye.waiting:
                for violation in eye.rules.step(scene, self.signals):
                    if eye.camera.id in moved or (clocks_apart and violation.signal_group is not None):
                        continue
                    if self._settings.cases:
                        self._open_case(violation)
                    if violation.final:
                        violations.append(violation)
            eye.waiting.clear()
            for watched in eye.watched:
                lamps = {group: self.signals.indication_at(group, time_s) for group in watched.groups}
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

    def whole(self, violation: Violation, now_s: float) -> bool:
        """Whether a case has all its pictures, those after the act included, or nothing more will come.

        Args:
            violation: one that `second` has told.
            now_s: the time now.
        """
        case = self._cases.get(_key(violation))
        return case is None or case.whole(now_s)

    def drop(self, camera: str) -> None:
        """Forgets all cases of a camera: what it has shown of late cannot be trusted."""
        for key in [key for key in self._cases if key[0] == camera]:
            del self._cases[key]

    def case(self, violation: Violation) -> Case:
        """Hands out what the evidence of a violation needs, as far as it has come, once.

        Args:
            violation: one that `second` has told.

        Returns:
            Stills, trace and geometry.

        Raises:
            KeyError: if the case was handed out before, or is too old.
        """
        return self._cases.pop(_key(violation)).close()

    def _open(self, camera: Camera, boot: str) -> _Eye:
        return _Eye(camera, self._site, f"{self._node}-{camera.id}-{boot}", self._settings, self._riders)

    def _cases_of(self, camera: str) -> list[OpenCase]:
        return [case for key, case in self._cases.items() if key[0] == camera]

    def _open_case(self, violation: Violation) -> None:
        """Keeps what the ring knows when a violation is first suspected; forgets cases that nobody fetched."""
        eye = self._eyes[violation.camera]
        case = self._cases.get(_key(violation))
        if case is not None:
            case.tell(violation, eye.ring.frames())
            return
        approach = None if violation.approach is None else self._site.approach(violation.approach)
        zone = next((one for one in self._site.zones if one.id == violation.zone), None)
        opened = OpenCase(violation, approach, eye.camera, eye.homography, self.signals, eye.ring.frames(), zone)
        self._cases[_key(violation)] = opened
        while len(self._cases) > _OPEN_CASES:  # the oldest that is not certain goes first
            suspected = (key for key, one in self._cases.items() if not one.violation.final)
            del self._cases[next(suspected, next(iter(self._cases)))]
        held = sum(case.bytes for case in self._cases.values())
        for case in self._cases.values():
            if held > _OPEN_BYTES and case is not opened:
                held -= case.bytes
                case.without_pictures()


def _key(violation: Violation) -> tuple[str, int, ViolationName, float]:
    return violation.camera, violation.number, violation.kind, violation.occurred_s
