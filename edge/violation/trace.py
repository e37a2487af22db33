"""What the lamps showed and when, as far as it was reported: between two reports that differ nothing is claimed."""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nutgiao.models.contracts.words import Indication

_SILENCE_S = 2.5  # a report vouches for the time since the one before it, unless that was longer ago than this
_KEPT_S = 600.0
_EMERGENCIES_KEPT = 20
_DIFFERENCES_KEPT = 20

CONTROLLER, PICTURE = "controller", "picture"
"""Who tells what the lamps show."""
DIFFER_S = 2.0
"""Controller and picture may differ so long: a status comes once a second, and a change is read some frames late."""

_COLOUR = {
    Indication.RED: "red",
    Indication.RED_AMBER: "red",
    Indication.GREEN: "green",
    Indication.PERMISSIVE_GREEN: "green",
    Indication.AMBER: "amber",
    Indication.FLASHING_AMBER: "amber",
}
"""What can be compared; a dark or unknown lamp contradicts nobody: many pictures do not show the amber one."""


@dataclass(slots=True)
class Run:
    """A group showed the same from its first report to its last one.

    Attributes:
        indication: what.
        start_s: first report.
        last_s: last report so far.
        source: who told: controller or picture.
        confidence: 0..1, the lowest of its reports; None where the source gives none.
        ends_s: when its countdown will be over, as last read; None where none was read.
    """

    indication: Indication
    start_s: float
    last_s: float
    source: str = CONTROLLER
    confidence: float | None = None
    ends_s: float | None = None


class SignalTrace:
    """Runs of equal indications of each signal group, from reports of the controller and of lamp readers.

    The controller is believed where it tells; the picture where the controller tells nothing. Where both tell and do
    not agree for longer than `DIFFER_S`, or still disagree, nobody is believed.

    Attributes:
        camera_late_s: how far the stamps of the pictures are behind the controller's clock (negative: ahead). An
            instant of a picture is certain under the controller's lamp only if it is at both of the times it may be.
        clock_off_s: how far the box's clock may be from true time, either way; infinite where nobody vouches for it.
            What holds by the clock, such as a sign's hours, is certain only if it holds all that while. 0 where the
            time is told, as of a recording or a simulation.
    """

    def __init__(self) -> None:
        self.camera_late_s = self.clock_off_s = 0.0
        self._runs: dict[str, dict[str, deque[Run]]] = {}  # by group and source
        self._differences: dict[str, deque[list[float]]] = {}  # by group: first and last report, 1 while it goes on
        self._emergencies: dict[str, deque[tuple[float, float]]] = {}  # first and last report of each time, by approach

    def report(
        self,
        time_s: float,
        groups: Mapping[str, Indication],
        source: str = CONTROLLER,
        confidence: float | None = None,
        ends_s: float | None = None,
    ) -> None:
        """Takes a report in; one that is older than the last of its source is ignored.

        Args:
            time_s: when the lamps showed this.
            groups: indication of each group.
            source: who tells: `CONTROLLER` or `PICTURE`.
            confidence: 0..1 that it is right; None where the source gives none.
            ends_s: when their countdown will be over; None where none was read.
        """
        for group, indication in groups.items():
            runs = self._runs.setdefault(group, {}).setdefault(source, deque())
            if runs and time_s < runs[-1].last_s:
                continue
            if runs and runs[-1].indication is indication and time_s - runs[-1].last_s <= _SILENCE_S:
                runs[-1].last_s = time_s
                if confidence is not None:
                    runs[-1].confidence = min(confidence, runs[-1].confidence or confidence)
            else:
                runs.append(Run(indication, time_s, time_s, source, confidence))
            if ends_s is not None:
                runs[-1].ends_s = ends_s
            while runs[0].last_s < time_s - _KEPT_S:
                runs.popleft()
            if source == PICTURE:
                self._compare(group, time_s, indication)

    def run_at(self, group: str, time_s: float) -> Run | None:
        """The run that covers an instant: reported before (or then) and after (or then) with nothing else between.

        Args:
            group: signal group.
            time_s: the instant, by the stamp of a picture.

        Returns:
            The run, or None where the reports leave it open or contradict each other.
        """
        run = self._told(group, time_s)
        if run is None or time_s > run.last_s or self._disputed(group, time_s):
            return None
        if run.source == CONTROLLER and not run.start_s <= time_s - self.camera_late_s <= run.last_s:
            return None
        return run

    def runs_between(self, group: str, from_s: float, to_s: float) -> list[Run]:
        """Runs of a group that touch a time, of all sources, oldest first; they may still grow."""
        runs = [run for each in self._runs.get(group, {}).values() for run in each]
        return sorted(
            (run for run in runs if run.last_s >= from_s and run.start_s <= to_s), key=lambda run: run.start_s
        )

    def indication_at(self, group: str, time_s: float) -> Indication:
        """What the group showed, by the last report before the instant.

        Args:
            group: signal group.
            time_s: the instant.

        Returns:
            UNKNOWN before the first report, when the last one is too old and when the sources contradict each other.
        """
        run = self._told(group, time_s)
        return Indication.UNKNOWN if run is None or self._disputed(group, time_s) else run.indication

    def source_at(self, group: str, time_s: float) -> tuple[str, float | None] | None:
        """Who told what the group showed, and how sure; None where nobody did."""
        run = self._told(group, time_s)
        return None if run is None else (run.source, run.confidence)

    def red_since(self, group: str, time_s: float) -> float | None:
        """Start of the red that covers this instant, by the pictures' stamps; None if red is not certain then."""
        run = self.run_at(group, time_s)
        if run is None or run.indication is not Indication.RED:
            return None
        return run.start_s + (max(0.0, self.camera_late_s) if run.source == CONTROLLER else 0.0)

    def disputed(self, time_s: float) -> list[str]:
        """Groups for which controller and picture tell different things now, and have for more than `DIFFER_S`."""
        return sorted(
            group
            for group, spans in self._differences.items()
            if spans and spans[-1][2] and spans[-1][1] - spans[-1][0] > DIFFER_S and time_s - spans[-1][1] <= _SILENCE_S
        )

    def changes(self, group: str, source: str) -> list[tuple[float, float, Indication]]:
        """Changes that a source has told without a silence between.

        Args:
            group: signal group.
            source: `CONTROLLER` or `PICTURE`.

        Returns:
            Of each: last report before it, first report after it, and what has been shown since, oldest first.
        """
        runs = list(self._runs.get(group, {}).get(source, ()))
        return [
            (before.last_s, run.start_s, run.indication)
            for before, run in itertools.pairwise(runs)
            if run.start_s - before.last_s <= _SILENCE_S
        ]

    def _told(self, group: str, time_s: float) -> Run | None:
        """The last run before the instant of the best source that knows something and is not silent."""
        found = None
        sources = self._runs.get(group, {})
        for source in (CONTROLLER, PICTURE):
            run = next((run for run in reversed(sources.get(source, ())) if run.start_s <= time_s), None)
            if run is None or time_s > run.last_s + _SILENCE_S:
                continue
            if run.indication is not Indication.UNKNOWN:
                return run
            found = found or run
        return found

    def _compare(self, group: str, time_s: float, seen: Indication) -> None:
        runs = self._runs[group].get(CONTROLLER, ())
        told = next((run for run in reversed(runs) if run.start_s <= time_s), None)
        if told is None or time_s > told.last_s + _SILENCE_S:
            return
        if seen not in _COLOUR or told.indication not in _COLOUR:
            return
        spans = self._differences.setdefault(group, deque(maxlen=_DIFFERENCES_KEPT))
        going_on = bool(spans and spans[-1][2] and time_s - spans[-1][1] <= _SILENCE_S)
        if _COLOUR[seen] == _COLOUR[told.indication]:
            if going_on:
                spans[-1][1:] = [time_s, 0.0]
        elif going_on:
            spans[-1][1] = time_s
        else:
            spans.append([time_s, time_s, 1.0])

    def _disputed(self, group: str, time_s: float) -> bool:
        return any(
            first_s <= time_s <= last_s + (_SILENCE_S if going_on else 0.0)
            and (going_on or last_s - first_s > DIFFER_S)
            for first_s, last_s, going_on in self._differences.get(group, ())
        )

    def report_emergency(self, time_s: float, approaches: Collection[str]) -> None:
        """Takes in by which approaches an emergency vehicle may be coming now.

        Args:
            time_s: now.
            approaches: ids; none of them most of the time.
        """
        for approach in approaches:
            times = self._emergencies.setdefault(approach, deque(maxlen=_EMERGENCIES_KEPT))
            if times and 0.0 <= time_s - times[-1][1] <= _SILENCE_S:
                times[-1] = (times[-1][0], time_s)
            else:
                times.append((time_s, time_s))

    def emergency_apart_s(self, approach: str, time_s: float) -> float:
        """How far an instant is from the time in which an emergency vehicle may have been coming by an approach.

        Args:
            approach: its id.
            time_s: the instant.

        Returns:
            Seconds since the last such time, or until the next one if that is nearer; 0 within, infinite without any.
        """
        times = self._emergencies.get(approach, ())
        return min((max(first_s - time_s, time_s - last_s, 0.0) for first_s, last_s in times), default=math.inf)
