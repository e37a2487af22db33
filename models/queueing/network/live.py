"""From live lane states to a street that can be asked: if this plan runs for the next minutes, how much delay?

The unit of traffic is one motorcycle-equivalent unit (MCU): lane states tell queues and flows in MCU and not by class,
and the discharge of a mixed stream in MCU per metre of width hardly depends on its mix. A car is therefore about three
units one behind the other; what single vehicles do (a bus that blocks a lane) is not seen.

```
lanes = [LaneNow(node="j2", lane="west_1", queue_mcu=31.0, arrivals_mcu_s=0.4, shares={...}), ...]
street = live_street(sites, lanes, now_s, horizon_s=900, random=np.random.default_rng(1))
better = min(candidates, key=lambda plans: street.ask(plans).delay_mcu_s)
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.site import Site
from nutgiao.models.queueing.network.batch import reset, settle
from nutgiao.models.queueing.network.kernel import advance
from nutgiao.models.queueing.network.live_demand import LiveDemand, live_demand
from nutgiao.models.queueing.network.live_network import LiveNetwork, LiveSettings, live_network
from nutgiao.models.queueing.network.live_table import LaneNow, LiveTable, Place, live_table
from nutgiao.models.queueing.network.run import new_state
from nutgiao.models.queueing.network.streams import stream_behaviour
from nutgiao.models.queueing.network.tables import ENTERED, F8, GREEN, LEFT, RELEASED, State

__all__ = ["Answer", "LaneNow", "LiveSettings", "LiveStreet", "live_street"]

_NO_TRACE = np.zeros((0, 4))


@dataclass(frozen=True, slots=True)
class Answer:
    """What plans lead to within the horizon.

    Attributes:
        delay_mcu_s: waiting of everyone together, those included who are still on the way or outside at the end.
        delay_by_origin_mcu_s: the same by the approach where one was first: stood, drove or entered.
        left_mcu: who left the sites.
        lane_mcu: who is on each lane at the end, standing or driving; by node and lane.
        inside_mcu: who waits inside the junctions at the end.
        outside_mcu: who found no room to enter by the end.
    """

    delay_mcu_s: float
    delay_by_origin_mcu_s: Mapping[Place, float]
    left_mcu: int
    lane_mcu: Mapping[Place, int]
    inside_mcu: int
    outside_mcu: int


class LiveStreet:
    """A few junctions from this second on, with one draw of those who will come; see `live_street`."""

    def __init__(
        self, table: LiveTable, network: LiveNetwork, demand: LiveDemand, settings: LiveSettings, now_s: float, end: int
    ) -> None:
        self.table, self.network, self.demand = table, network, demand
        self.now_s, self.horizon_s = now_s, end
        # sources and merging streams keep no headway of their own: the lanes' width is what limits them
        self.how = stream_behaviour(settings.lost_s, settings.amber_s, merge_s=0.0, insert_s=0.0)
        self._lost_s = settings.lost_s
        self._pace = np.ones(len(demand.demand.vehicles))
        self._state = new_state(network.net, network.programs, demand.demand, end)

    @property
    def total_mcu(self) -> int:
        """Everyone who stands, drives or comes within the horizon."""
        return len(self.demand.demand.vehicles)

    def begin(self, plans: Mapping[str, SignalPlan]) -> tuple[State, F8]:
        """The street at second 0 under these plans: queues stand, lamps show what the plans show now.

        Args:
            plans: one for each node.

        Returns:
            State and ``(stages,)`` lengths of the kernel's stages.

        Raises:
            ContractError: if a plan is missing, of another node, or does not fit its site.
        """
        stages, offsets = [], []
        for site, phases in zip(self.table.sites, self.network.phases, strict=True):
            plan = plans.get(site.id)
            if plan is None or plan.node != site.id:
                raise ContractError(f"plans: none for {site.id}; give one for every site")
            if plan.order != self.network.orders.get(site.id, ()):
                raise ContractError(f"plans: {plan.id} runs the stages of {site.id} in another order than the street")
            stages.append(phases.durations_s(plan.green_s).astype(np.float64))
            offsets.append(float(plan.offset_s))
        lengths, state, demand = np.concatenate(stages), self._state, self.demand
        reset(
            self.network.net, self.network.programs, demand.demand, lengths, np.array(offsets), self._pace,
            self.now_s, state,
        )  # fmt: skip
        for lane, (vehicles, links) in enumerate(zip(demand.standing, demand.standing_links, strict=True)):
            if len(vehicles) == 0:
                continue
            shape, queue = self.network.net.lanes[lane], state.lanes[lane]
            places = state.ring[shape.slot : shape.slot + len(vehicles)]
            places.vehicle, places.link, places.arrival_s = vehicles, links, 0.0
            queue.count, queue.tail = len(vehicles), len(vehicles) % shape.places
            queue.used_m = len(vehicles) * self.network.net.travel[0, lane].space_m
            if self._released(state, int(links[0])):
                queue.block = RELEASED
            state.behind[lane] = state.calendar[0]
            state.calendar[0] = lane
            state.clock[ENTERED] += len(vehicles)
        return state, lengths

    def _released(self, state: State, link: int) -> bool:
        """Whether this link's green is so young that a queue before it still stands; an older one's queue moves."""
        programs, group = self.network.programs, int(self.network.net.links[link].group)
        controller = int(np.searchsorted(programs.group_ptr, group, side="right")) - 1
        stage = int(state.controllers[controller].stage)
        changed = programs.change_group[programs.change_ptr[stage] : programs.change_ptr[stage + 1]]
        young = -float(state.groups[group].since_s) < self._lost_s
        return bool(state.groups[group].lamp >= GREEN and group in changed and young)

    def ask(self, plans: Mapping[str, SignalPlan]) -> Answer:
        """What these plans lead to.

        Args:
            plans: one for each node, all in force from now on.

        Raises:
            ContractError: as `begin`.
        """
        state, lengths = self.begin(plans)
        net, demand = self.network.net, self.demand.demand
        advance(net, self.how, self.network.programs, demand, lengths, state, 0, self.horizon_s, _NO_TRACE)
        places = list(self.table.approaches)
        delay, stops = np.zeros(len(places)), np.zeros(len(places))
        settle(net, demand, state, float(self.horizon_s), delay, stops)
        return Answer(
            delay_mcu_s=float(delay.sum()),
            delay_by_origin_mcu_s=dict(zip(places, delay.tolist(), strict=True)),
            left_mcu=int(state.clock[LEFT]),
            lane_mcu={(one.place[0], one.lane.id): int(state.lanes[i].count) for i, one in enumerate(self.table.lanes)},
            inside_mcu=int(state.box_count.sum()),
            outside_mcu=int((state.sources.end - state.sources.next).sum()),
        )


def live_street(
    sites: Sequence[Site],
    lanes: Sequence[LaneNow],
    now_s: float,
    horizon_s: int,
    random: np.random.Generator,
    settings: LiveSettings | None = None,
    travel_s: Mapping[Place, float] | None = None,
    orders: Mapping[str, tuple[int, ...]] | None = None,
) -> LiveStreet:
    """Puts the street together as it is now.

    Compare plans on one street: then everyone comes at the same time and turns the same way under each of them. Several
    streets with other draws tell how sure the difference is.

    Args:
        sites: junctions with signals; neighbours feed each other as their `upstream` says.
        lanes: every lane of every site. A queue longer than its lane stands outside, and comes in when there is room.
        now_s: master-clock seconds, to which the plans' offsets refer.
        horizon_s: how far to look.
        random: draws arrivals (Poisson) and turns.
        settings: what the street rests on beside its files.
        travel_s: measured free travel time of approaches from upstream to the line, by node and approach.
        orders: in which each node's stages run, the same in all plans that are asked; by default the sites' own.

    Raises:
        ContractError: if something told does not fit the site files, or the horizon is no second long.
    """
    if horizon_s < 1:
        raise ContractError(f"horizon_s is {horizon_s}; give at least one second")
    if not np.isfinite(now_s):
        raise ContractError(f"now_s is {now_s}; give master-clock seconds")
    s = settings or LiveSettings()
    table = live_table(sites, lanes, s.saturation_mcu_h_m)
    network = live_network(table, s, travel_s or {}, orders or {})
    return LiveStreet(table, network, live_demand(table, network, horizon_s, random), s, float(now_s), horizon_s)
