"""The queue kernel with other signal programs: only its signal tables are made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nutgiao.models.queueing.network.model import QueueModel
from nutgiao.simulation.queue_model import QueueScenario
from nutgiao.simulation.signal_programs import SignalProgram


def rearranged(scenario: QueueScenario, programs: Sequence[SignalProgram]) -> QueueScenario:
    """The scenario with other programs of the same lights; what does not depend on them is shared."""
    made = replace(scenario, street=replace(scenario.street, programs=tuple(programs)))
    made.__dict__["demand"] = scenario.demand  # a cached property
    return made


def resignalled(model: QueueModel, scenario: QueueScenario) -> QueueModel:
    """A kernel of the same street and demand with the programs of a `rearranged` scenario.

    Args:
        model: with any programs of the same street.
        scenario: has the wanted ones.
    """
    groups = scenario.groups
    links, foes = model.net.links.copy(), model.net.foes.copy()
    links.group = groups.of_link
    foes.group = groups.of_link[foes.link]
    net = model.net._replace(links=links, foes=foes, group_lamp=groups.at_first)
    speed_sd = [kind.speed_sd for kind in scenario.kinds]
    return QueueModel(net, model.how, groups.programs, model.demand, model.begin_s, model.duration_s, speed_sd)
