"""What the lamps showed and when, as far as it was reported: between two reports that differ nothing is claimed."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from nutgiao.models.contracts.words import Indication

_SILENCE_S = 2.5  # a report vouches for the time since the one before it, unless that was longer ago than this
_KEPT_S = 600.0


@dataclass(slots=True)
class Run:
    """A group showed the same from its first report to its last one.

    Attributes:
        indication: what.
        start_s: first report.
        last_s: last report so far.
    """

    indication: Indication
    start_s: float
    last_s: float


class SignalTrace:
    """Runs of equal indications of each signal group, from reports of the controller or of a lamp reader."""

    def __init__(self) -> None:
        self._runs: dict[str, deque[Run]] = {}

    def report(self, time_s: float, groups: Mapping[str, Indication]) -> None:
        """Takes a report in; one that is older than the last is ignored.

        Args:
            time_s: when the lamps showed this.
            groups: indication of each group.
        """
        for group, indication in groups.items():
            runs = self._runs.setdefault(group, deque())
            if runs and time_s < runs[-1].last_s:
                continue
            if runs and runs[-1].indication is indication and time_s - runs[-1].last_s <= _SILENCE_S:
                runs[-1].last_s = time_s
            else:
                runs.append(Run(indication, time_s, time_s))
            while runs[0].last_s < time_s - _KEPT_S:
                runs.popleft()

    def run_at(self, group: str, time_s: float) -> Run | None:
        """The run that covers an instant: reported before (or then) and after (or then) with nothing else between.

        Args:
            group: signal group.
            time_s: the instant.

        Returns:
            The run, or None where the reports leave it open.
        """
        for run in reversed(self._runs.get(group, ())):
            if run.start_s <= time_s:
                return run if time_s <= run.last_s else None
        return None

    def indication_at(self, group: str, time_s: float) -> Indication:
        """What the group showed, by the last report before the instant.

        Args:
            group: signal group.
            time_s: the instant.

        Returns:
            UNKNOWN before the first report and when the last one is too old.
        """
        for run in reversed(self._runs.get(group, ())):
            if run.start_s <= time_s:
                return run.indication if time_s <= run.last_s + _SILENCE_S else Indication.UNKNOWN
        return Indication.UNKNOWN

    def red_since(self, group: str, time_s: float) -> float | None:
        """First report of the red that covers this instant; None if red is not certain then."""
        run = self.run_at(group, time_s)
        return run.start_s if run is not None and run.indication is Indication.RED else None
