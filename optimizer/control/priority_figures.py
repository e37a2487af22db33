"""What requests for priority count, and the lights as they need to be known for that."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.models.contracts.priority import MOST_LEVEL, PriorityVehicle
from nutgiao.models.contracts.priority_desk import DeskRules, Open
from nutgiao.models.queueing.junction.tables import I4, I4S
from nutgiao.optimizer.control.priority_harm import HarmLimits


@dataclass(frozen=True, slots=True)
class PriorityFigures:
    """What requests count.

    Attributes:
        persons: aboard by who asks; the others of `harm` stand for a weight of 1, and those that are not named, too.
        late: a request of the highest level counts so much more than one of the lowest.
        emergency: weight of an emergency vehicle; far more than all others at a light together.
        desk: limits of requests.
        harm: limits of what they cost.
    """

    persons: tuple[tuple[PriorityVehicle, float], ...] = ()
    late: float = 1.0
    emergency: float = 1000.0
    desk: DeskRules = DeskRules()  # noqa: RUF009 - it is frozen
    harm: HarmLimits = HarmLimits()  # noqa: RUF009 - it is frozen

    def weight(self, one: Open) -> float:
        """What a second of its delay counts beside that of a car."""
        if one.ask.emergency:
            return self.emergency
        aboard = dict(self.persons).get(one.vehicle_type, self.harm.persons)
        return max(1.0, aboard / self.harm.persons) * (1.0 + self.late * one.level / MOST_LEVEL)


@dataclass(frozen=True, slots=True)
class PriorityTables:
    """Lights as requests need them; links, lanes and stages are numbered over all.

    Attributes:
        ids: of the lights.
        link_light: ``(links,)``.
        link_lane: ``(links, 4)`` lanes that each leaves, -1 behind them.
        right: ``(stages, links)`` what each link shows.
        change_s: between two stages.
        least_s: shortest green.
    """

    ids: tuple[str, ...]
    link_light: I4
    link_lane: I4S
    right: I4S
    change_s: float
    least_s: float
