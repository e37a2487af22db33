"""A site's plans as SUMO's cyclic programs: one letter for each link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import INDICATIONS
from nutgiao.models.queueing.network.phases import Phases, phases_of
from nutgiao.simulation.networks.network import SignalisedJunction
from nutgiao.simulation.program import state_string
from nutgiao.simulation.signal_programs import SignalProgram


@dataclass(frozen=True, slots=True)
class PlanShape:
    """What all plans of a junction have in common.

    Attributes:
        junction: id of the junction.
        phases: of its site.
        states: SUMO's state string of each phase.
    """

    junction: str
    phases: Phases
    states: tuple[str, ...]

    def program(self, green_s: Sequence[int], offset_s: float) -> SignalProgram:
        """The plan with these displayed greens and this offset as SUMO's program.

        Raises:
            ContractError: if the greens do not fit the site.
        """
        durations = tuple(float(d) for d in self.phases.durations_s(green_s))
        return SignalProgram(self.junction, float(offset_s), durations, self.states)


def plan_shape(junction: SignalisedJunction, signals: Signals) -> PlanShape:
    """The shape of a junction's plans."""
    phases = phases_of(signals)
    shown = [
        {group.id: INDICATIONS[code] for group, code in zip(signals.groups, row.tolist(), strict=True)}
        for row in phases.lamps
    ]
    return PlanShape(junction.id, phases, tuple(state_string(junction, lamps) for lamps in shown))
