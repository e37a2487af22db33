"""What a signal controller reports and what it may be asked: the edge asks, the controller drives the lamps."""

from __future__ import annotations

import msgspec

from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.words import ControlSource, Indication


class CabinetStatus(msgspec.Struct, frozen=True, array_like=True):
    """What the controller reports each second.

    Attributes:
        groups: indication of each group, in the site's order.
        stage: index of the stage that runs or is being left; with rings that of the first ring.
        cycle_second_s: since the reference green started.
        cycle_s: length of the running cycle.
        green_s: greens of the running cycle.
        plan: id of the plan in force.
        revision: its revision.
        source: rung of the ladder.
        in_transition: a transitional cycle runs.
        boundary_s: when the running cycle ends.
        pending: id of the plan that starts at the boundary, empty if none.
        order: order of the stages in the running cycle; empty for the site's own.
        calls: crossings at which somebody has pressed the button and has not been served.
    """

    groups: tuple[Indication, ...]
    stage: int
    cycle_second_s: int
    cycle_s: int
    green_s: tuple[int, ...]
    plan: str
    revision: int
    source: ControlSource
    in_transition: bool
    boundary_s: int
    pending: str
    order: tuple[int, ...] = ()
    calls: tuple[str, ...] = ()


class CabinetRequest(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What the edge asks of the controller: run this plan from the next boundary, by these cycles in its order.

    A plan that asks of the street what the running one asks, without a transition, is a renewal: it takes the running
    one's place at once and changes no lamp. Transitional cycles that still have to run lead to that offset and go on.
    """

    plan: SignalPlan
    source: ControlSource
    transition: tuple[tuple[int, ...], ...]


class StageCall(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What the edge asks second by second: go to this stage as soon as the cabinet's own times allow it.

    Attributes:
        stage: its index in the site; the one that stands to stay.
        source: rung of the ladder that asks.
        until_s: if nothing newer has come by then, the cabinet goes back to its plan by itself.
    """

    stage: int
    source: ControlSource
    until_s: int
