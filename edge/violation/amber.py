"""Entering on amber: who could have stopped with ease when the amber began, and passed the line well into it.

Law 36/2024 Art. 11(4)(b): on amber one stops before the line, unless already on or past it. Who could not stop any more
is left alone, so speed and distance when the amber began decide. Off unless the site asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nutgiao.edge.lanes.memory import TrackMemory
from nutgiao.edge.lanes.placed import PlacedTracks
from nutgiao.edge.violation.entering import EnteringWatch
from nutgiao.edge.violation.rule import Violation, class_of, groups_to_obey, seen_by
from nutgiao.edge.violation.trace import Run, SignalTrace
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.words import Indication, ViolationKind

_ONSET_S, _X, _V = range(3)
"""Columns of the memory of an onset."""
_GREENS = (Indication.GREEN, Indication.PERMISSIVE_GREEN)


@dataclass(frozen=True, slots=True)
class AmberSettings:
    """How sure the rule must be.

    Attributes:
        grace_s: age of the amber at the crossing from which it counts.
        react_s: time until somebody who sees the amber brakes.
        brake_mps2: comfortable braking, on a wet road and two wheels too.
        spare_m: and so much way is left over before the line.
        look_s: place and speed at the onset are taken from a frame at most so long after it.
        min_hits: detections of the track.
        max_sd_m: largest standard error of the front's place.
        max_unseen_s: longest time without detection between the line and the junction.
        min_speed_mps: slowest speed at the line: who creeps over it has not driven through.
    """

    grace_s: float = 1.0
    react_s: float = 1.5
    brake_mps2: float = 2.5
    spare_m: float = 3.0
    look_s: float = 0.6
    min_hits: int = 6
    max_sd_m: float = 0.8
    max_unseen_s: float = 1.0
    min_speed_mps: float = 2.0


class _Onset:
    """Where everybody was when a group's last amber began."""

    def __init__(self, group: str) -> None:
        self.group, self.start_s = group, -np.inf
        self.memory = TrackMemory(onset_s=np.nan, x=np.nan, v=np.nan)

    def step(self, placed: PlacedTracks, trace: SignalTrace, look_s: float) -> None:
        """Notes places and speeds in the first frame of an amber that follows a green."""
        self.memory.follow(placed.numbers)
        run = trace.run_at(self.group, placed.time_s)
        if run is None or run.indication is not Indication.AMBER or run.start_s == self.start_s:
            return
        self.start_s = run.start_s
        before = trace.indication_at(self.group, float(np.nextafter(run.start_s, -np.inf)))
        late_s = placed.time_s - run.start_s
        if before in _GREENS and late_s <= look_s:
            m, seen = self.memory.rows, placed.unseen_s == 0.0
            m[seen, _ONSET_S] = run.start_s
            m[seen, _X] = placed.x_m[seen] + late_s * placed.speed_mps[seen]
            m[seen, _V] = placed.speed_mps[seen]


class AmberRule:
    """Entering on amber on one approach, once per track.

    Args:
        approach: as the site file describes it.
        camera: id of the camera.
        settings: how sure it must be.
    """

    def __init__(self, approach: Approach, camera: str, settings: AmberSettings = AmberSettings()) -> None:
        self._approach, self._camera, self._settings = approach, camera, settings
        groups = {approach.signal_group, approach.left_signal_group or approach.signal_group}
        self._onsets = {group: _Onset(group) for group in sorted(groups)}
        self._entering = EnteringWatch(approach)

    def step(self, placed: PlacedTracks, trace: SignalTrace) -> list[Violation]:
        """See `nutgiao.edge.violation.rule.Rule`."""
        for onset in self._onsets.values():
            onset.step(placed, trace, self._settings.look_s)
        judged = (self._judge(placed, one.row, one.gap_s, trace) for one in self._entering.step(placed))
        return [violation for violation in judged if violation is not None]

    def _judge(self, placed: PlacedTracks, i: int, gap_s: float, trace: SignalTrace) -> Violation | None:
        """Whether every lamp that it could have obeyed showed amber, and it could have stopped for each."""
        s, crossed_s = self._settings, float(placed.crossed_s[i])
        if placed.hits[i] < s.min_hits or placed.sd_m[i] > s.max_sd_m or gap_s > s.max_unseen_s:
            return None
        if placed.crossed_mps[i] < s.min_speed_mps:
            return None
        lane, y_m = int(placed.lanes[i]), float(placed.y_m[i])
        groups = groups_to_obey(self._approach, lane, y_m, class_of(placed, i))
        runs = [trace.run_at(group, crossed_s) for group in groups]
        if not all(
            run is not None and self._could_stop(i, group, run) for group, run in zip(groups, runs, strict=True)
        ):
            return None
        since_s = max(run.start_s for run in runs if run is not None)
        age_s, sd_s = crossed_s - since_s, max(float(placed.crossed_sd_s[i]), 0.05)
        if age_s - sd_s < s.grace_s:
            return None
        _, x_m, speed_mps = self._onsets[groups[0]].memory.rows[i].tolist()
        spare_m = x_m - self._stop_m(speed_mps)
        return seen_by(
            self._approach,
            self._camera,
            placed,
            i,
            kind=ViolationKind.ENTERED_ON_AMBER,
            occurred_s=crossed_s,
            confidence=min(0.5 + 0.1 * spare_m, 0.99),
            numbers={
                "amber_age_s": age_s,
                "onset_distance_m": x_m,
                "onset_speed_mps": speed_mps,
                "stopping_distance_m": self._stop_m(speed_mps),
                "crossing_speed_mps": float(placed.crossed_mps[i]),
                "crossing_sd_s": sd_s,
            },
            moments=(since_s, crossed_s, placed.time_s),
            signal_group=groups[0],
        )

    def _could_stop(self, i: int, group: str, run: Run) -> bool:
        """Whether row i was seen when this amber began, and far enough away."""
        onset_s, x_m, speed_mps = self._onsets[group].memory.rows[i].tolist()
        known = run.indication is Indication.AMBER and onset_s == run.start_s
        return known and x_m >= self._stop_m(speed_mps) + self._settings.spare_m

    def _stop_m(self, speed_mps: float) -> float:
        """Way to a comfortable stop: that of the reaction and that of the braking, v t + v²/2b."""
        s = self._settings
        return speed_mps * s.react_s + speed_mps**2 / (2.0 * s.brake_mps2)
