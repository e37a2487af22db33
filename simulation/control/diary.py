"""Writes down what each light decided in each second, and why."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from nutgiao.models.contracts.decision import Decision, Late, LightName, LinkSeen, LogHeader, Outcome, Second
from nutgiao.models.contracts.refusal import Refusal
from nutgiao.models.queueing.junction.notes import Notes
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4, NONE
from nutgiao.simulation.control.decision_log import LogOrder, LogWriter
from nutgiao.simulation.control.lamps import Lamps
from nutgiao.simulation.control.lights import RIGHT, Lights
from nutgiao.simulation.control.link_names import link_names
from nutgiao.simulation.scenario import Scenario


@runtime_checkable
class TakesNotes(Protocol):
    """A controller that tells what it considered."""

    notes: Notes | None


class Wishes(NamedTuple):
    """What was wished in a second, and what became of it.

    Attributes:
        first: ``(lights,)`` stages that the controller wished.
        last: ``(lights,)`` after those who are overdue.
        late: light to who was.
        refused: light to what its guard refused.
        red_s: ``(links,)`` for how long each has been red.
    """

    first: I4
    last: I4
    late: Mapping[int, Late]
    refused: Mapping[int, Sequence[Refusal]]
    red_s: np.ndarray[tuple[int], np.dtype[np.float64]]


class Diary:
    """The log of one run.

    Args:
        order: which log.
        scenario: that is run.
        seed: of SUMO.
        detection: what the controller sees by.
        lights: of the network.
        driven: numbers of those that are driven.
        controller: is asked for its notes if it takes any.
    """

    def __init__(
        self,
        order: LogOrder,
        scenario: Scenario,
        seed: int,
        detection: str,
        lights: Lights,
        driven: Sequence[int],
        controller: object,
    ) -> None:
        self._order, self._scenario, self._seed, self._detection = order, scenario, seed, detection
        self._lights, self._driven = lights, driven
        self._notes = Notes()
        if isinstance(controller, TakesNotes):
            controller.notes = self._notes
        self._writer = LogWriter(order.path)
        self._second = 0

    def note(self, seen: Seen, showing: Showing, wishes: Wishes, lamps: Lamps) -> None:
        """Writes a second down, when the lamps for it are set.

        Args:
            seen: who came.
            showing: what showed.
            wishes: of the controller and the others.
            lamps: as they are shown now.
        """
        if self._second == 0:
            self._writer.write(self._header())
        rows = self._seen(seen, wishes, lamps)
        lights, notes = self._lights, self._notes
        found = []
        for number, light in enumerate(self._driven):
            first, last = int(lights.light_stage[light]), int(lights.light_stage[light + 1]) - 1
            stage, coming, then = int(showing.stage[light]), int(showing.coming[light]), int(lamps.stage[light])
            then_coming = int(lamps.coming[light])
            refused = tuple(wishes.refused.get(light, ()))
            outcome = Outcome.LEAST_GREEN
            if coming != NONE:
                outcome = Outcome.CHANGE_RUNS
            elif int(wishes.last[light]) == stage:
                outcome = Outcome.STAYS
            elif then_coming != NONE or then != stage:
                outcome = Outcome.BEGINS
            elif refused:
                outcome = Outcome.REFUSED
            elif not first <= int(wishes.last[light]) <= last:
                outcome = Outcome.UNKNOWN_STAGE
            found.append(
                Decision(
                    light=number,
                    stage=stage - first,
                    coming=coming - first if coming != NONE else NONE,
                    green_s=float(showing.green_s[light]),
                    left_s=float(showing.left_s[light]),
                    seen=rows[number],
                    options=notes.options(light),
                    wish=int(wishes.first[light]) - first,
                    late=wishes.late.get(light),
                    refused=refused,
                    outcome=outcome,
                    lamps=lamps.state(light),
                    then=then - first,
                    then_coming=then_coming - first if then_coming != NONE else NONE,
                    reasons=notes.reasons(light, first),
                )
            )
        self._writer.write(Second(self._scenario.begin_s + self._second, tuple(found)))
        self._second += 1

    def __enter__(self) -> Diary:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._writer.close(whole=kind is None)

    def _seen(self, seen: Seen, wishes: Wishes, lamps: Lamps) -> list[tuple[LinkSeen, ...]]:
        """Of each driven light who is on the way to its links."""
        lights, count = self._lights, len(self._lights.link_lane)
        comes = ~seen.halted & (seen.arrive_s < self._notes.looks_s)
        counted = seen.halted | comes
        stand = np.bincount(seen.link[seen.halted], minlength=count)
        come = np.bincount(seen.link[comes], minlength=count)
        weight = np.bincount(seen.link[counted], seen.weight[counted], minlength=count)
        first_s = np.full(count, np.inf)
        np.minimum.at(first_s, seen.link[comes], seen.arrive_s[comes])
        late_s = self._notes.late_s()
        there = stand + come > 0
        found = []
        for light in self._driven:
            letters = lamps.state(light)
            begin, end = int(lights.light_link[light]), int(lights.light_link[light + 1])
            own = set((begin + np.flatnonzero(there[begin:end])).tolist())
            if light in wishes.late:
                own.add(begin + wishes.late[light].link)
            rows = []
            for link in sorted(own):
                exit_ = int(lights.link_exit[link])
                rows.append(
                    LinkSeen(
                        link=link - begin,
                        stand=int(stand[link]),
                        come=int(come[link]),
                        first_s=round(float(first_s[link]), 1) if come[link] else None,
                        weight=round(float(weight[link]), 2),
                        room_veh=None if exit_ == NONE else round(float(seen.exit_veh[exit_]), 1),
                        late_s=late_s.get(link, 0.0),
                        red_s=0.0 if letters[link - begin] in RIGHT else float(wishes.red_s[link]),
                    )
                )
            found.append(tuple(rows))
        return found

    def _header(self) -> LogHeader:
        scenario, lights, rule = self._scenario, self._lights, self._lights.rule
        names = link_names(scenario.net)
        told = []
        for light in self._driven:
            own = names.get(lights.ids[light], {})
            links = tuple(own.get(k) for k in range(len(lights.links_of(light))))
            told.append(LightName(lights.ids[light], links, tuple(lights.states[k] for k in lights.stages_of(light))))
        return LogHeader(
            run=self._order.run,
            scenario=scenario.name,
            controller=self._order.controller,
            detection=self._detection,
            seed=self._seed,
            begin_s=scenario.begin_s,
            end_s=scenario.end_s,
            amber_s=rule.amber_s,
            all_red_s=rule.all_red_s,
            least_green_s=lights.least_s,
            measure=self._notes.measure,
            looks_s=self._notes.looks_s if np.isfinite(self._notes.looks_s) else None,
            nutgiao=importlib.metadata.version("nutgiao"),
            sumo=importlib.metadata.version("eclipse-sumo"),
            lights=tuple(told),
        )
