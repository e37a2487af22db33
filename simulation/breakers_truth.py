"""Who broke which rule on a running street, from SUMO's positions and lamps alone, and how clearly.

A deed that a careful witness may pass over in silence (a crossing just after the lamp changed, a lane's very edge) is
kept with `must` false: a rule that tells it is right, one that does not has missed nothing. By kind:

- red_light: the front crossed the line on red and came into the junction on the same red. Must: from 1 s into red on,
  the rule's grace and one report of the lamps, until 1 s before its end; where the left turn has a lamp of its own, of
  both. Where a sign lets some turn on red, who turned so from its lane did nothing, and who turned so from the lane
  beside need not be told.
- stop_line: stood for 2 s or more on red, front beyond the tolerance. Must: stood for `MUST_STAND_S`, 0.8 m further
  than the tolerance, did not go on into the junction on that red, and crossed the line on it or its amber: who came
  over the line before is held up by the junction as well. Where the left turn has a lamp of its own, both were red.
- wrong_way: went 10 m against the traffic of an approach. Must: always.
- the others: told of by `nutgiao.simulation.breakers_turns`, `breakers_lanes`, `breakers_speed`, `breakers_amber`,
  `breakers_zones`, `breakers_box` and `breakers_crossing`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import VehicleClass, ViolationKind
from nutgiao.simulation.breakers_box import BoxWitness
from nutgiao.simulation.breakers_crossing import CrossingWitness
from nutgiao.simulation.breakers_deed import Deed
from nutgiao.simulation.breakers_lamps import Lamps
from nutgiao.simulation.breakers_turns import Movements, OnRed
from nutgiao.simulation.breakers_ways import WayWitness
from nutgiao.simulation.breakers_zones import PavementWitness, StandWitness
from nutgiao.simulation.street import RoadUsers, Street
from nutgiao.simulation.truth import TrueViolation, TruthRecorder

MUST_RED_S = 1.0
MUST_STAND_S = 4.0
MUST_BEYOND_M = 0.8
MUST_AMBER_S = 3.0
_KINDS = frozenset({ViolationKind.RED_LIGHT, ViolationKind.STOP_LINE, ViolationKind.WRONG_WAY})
"""Kinds that are taken from `TruthRecorder`."""


class Witness(Protocol):
    """Somebody who looks at some kinds of deeds, step by step."""

    def observe(self, users: RoadUsers) -> list[Deed]:
        """Takes one step in and tells the deeds that became certain."""
        ...

    def finish(self) -> list[Deed]:
        """Tells what the end of the run cuts short; nobody must be told of for it."""
        ...


class DeedRecorder:
    """Records deeds of a run.

    Args:
        street: a running street.
        sites: site of each junction.

    Attributes:
        deeds: in the order in which they became certain.
    """

    def __init__(self, street: Street, sites: Mapping[str, Site]) -> None:
        self.deeds: list[Deed] = []
        self._truth = TruthRecorder(street, sites)
        self._street, self._sites = street, sites
        self._lamps = Lamps(street, sites)
        self._moves = Movements(street, sites)
        self._witnesses: tuple[Witness, ...] = (
            self._moves,
            WayWitness(street, sites, self._lamps),
            StandWitness(street, sites),
            PavementWitness(sites),
            BoxWitness(street, sites, self._lamps),
            CrossingWitness(sites, self._lamps),
        )
        self._told, self._taken = 0, 0
        self._waiting: list[TrueViolation] = []

    def observe(self, users: RoadUsers) -> None:
        """Takes note of one step; call it after each `Street.step`."""
        self._lamps.observe(users.time_s)
        self._truth.observe(users)
        self._translate(users.time_s)
        for witness in self._witnesses:
            self.deeds += witness.observe(users)

    def finish(self) -> None:
        """Closes what is pending when the run ends; call it once."""
        self._truth.finish()
        self._translate(self._street.time_s, over=True)
        for witness in self._witnesses:
            self.deeds += witness.finish()

    def taken(self) -> list[Deed]:
        """Deeds since the last call."""
        fresh = self.deeds[self._taken :]
        self._taken = len(self.deeds)
        return fresh

    def _translate(self, now_s: float, over: bool = False) -> None:
        self._waiting += [one for one in self._truth.violations[self._told :] if one.kind in _KINDS]
        self._told = len(self._truth.violations)
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not over and now_s < one.numbers.get("conflict_s", -math.inf) + MUST_RED_S:
                self._waiting.append(one)  # whether the red goes on is not known yet
                continue
            let = self._on_red(one)
            if let is OnRed.UNKNOWN and not over:
                self._waiting.append(one)
                continue
            if let is not OnRed.PERMITTED:
                # nobody can tell what the run's end cut short
                must = not over and let is OnRed.FORBIDDEN and self._must(one)
                self._note(one, one.kind, one.time_s, now_s, must)
            if "stood_from_s" in one.numbers:
                self._note(one, ViolationKind.STOP_LINE, one.numbers["stood_from_s"], now_s, must=False)

    def _on_red(self, one: TrueViolation) -> OnRed:
        if one.kind is not ViolationKind.RED_LIGHT:
            return OnRed.FORBIDDEN
        approach = self._sites[one.node].approach(one.approach)
        return self._moves.on_red(approach, one.vehicle, VehicleClass(one.vehicle_class))

    def _note(self, one: TrueViolation, kind: ViolationKind, time_s: float, now_s: float, must: bool) -> None:
        self.deeds.append(
            Deed(
                kind=kind,
                node=one.node,
                approach=one.approach,
                time_s=time_s,
                noted_s=now_s,
                vehicle=one.vehicle,
                vehicle_class=one.vehicle_class,
                must=must,
                numbers=one.numbers,
            )
        )

    def _must(self, one: TrueViolation) -> bool:
        approach, numbers = self._sites[one.node].approach(one.approach), one.numbers
        groups = {approach.signal_group, approach.left_signal_group or approach.signal_group}
        if one.kind is ViolationKind.RED_LIGHT:
            ends_s = numbers["conflict_s"] + MUST_RED_S
            # one red from before the crossing until after the entering
            ages = [self._lamps.red_for_s(one.node, group, ends_s) - (ends_s - one.time_s) for group in groups]
            return min(*ages, numbers["into_red_s"]) >= MUST_RED_S
        if one.kind is ViolationKind.STOP_LINE:
            line, two = approach.stop_line, one.vehicle_class in ("motorcycle", "bicycle")
            tolerance = line.two_wheeler_tolerance_m if two else line.overrun_tolerance_m
            if numbers["beyond_m"] < tolerance + MUST_BEYOND_M or numbers["stood_s"] < MUST_STAND_S:
                return False
            ages = [self._lamps.red_for_s(one.node, group, one.time_s + MUST_STAND_S) for group in groups]
            ago_s = numbers.get("crossed_before_s", math.inf) + MUST_STAND_S
            return min(ages) >= max(MUST_STAND_S, ago_s - MUST_AMBER_S)
        return True
