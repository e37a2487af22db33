"""What the planner knows of a corridor: streams with demand, capacity and the junction that feeds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nutgiao.models.contracts.site import Approach, Lane, Signals, Site
from nutgiao.models.contracts.words import Turn
from nutgiao.models.queueing.webster import SATURATION_MCU_H_M

PLATOON_SHARE_OF_LIMIT = 0.7
"""Mean speed of a platoon over the speed limit; riders in a dense stream keep below it."""
MCU_AREA_M2 = 4.0
"""Road that a standing motorcycle equivalent takes, gaps included: 3.6 for a two-wheeler, 17.8 for a car of 3.4 MCU."""
HEADROOM = 1.1
"""Plans are made for a tenth more than was measured: cameras miss 3 to 6 % of the departures, and a peak grows."""
LEAST_FLOW_MCU_H = 60.0
"""A stream that nobody was seen on is still served."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Road users who obey one signal group on one approach.

    Attributes:
        node: junction.
        approach: approach.
        group: index of the signal group in the site.
        flow_mcu_h: demand.
        saturation_mcu_h: discharge while green.
        storage_mcu: what the link holds.
        upstream: junction that feeds the approach, None at the edge of the corridor.
        travel_s: from there to here.
        heading_deg: direction of travel on the approach.
    """

    node: str
    approach: str
    group: int
    flow_mcu_h: float
    saturation_mcu_h: float
    storage_mcu: float
    upstream: str | None
    travel_s: int
    heading_deg: float

    @property
    def flow_ratio(self) -> float:
        """Demand over saturation flow."""
        return self.flow_mcu_h / self.saturation_mcu_h


@dataclass(frozen=True, slots=True)
class Junction:
    """One junction of the corridor with its streams."""

    node: str
    signals: Signals
    streams: tuple[Stream, ...]

    def flow_ratios(self) -> list[float]:
        """Critical flow ratio of each stage: the greatest of the streams that have green in it alone.

        A stream that is green in several stages is charged to the stage that has the least otherwise, as far as the
        green of the others does not serve it; with two or three stages the plain rule below is the usual one.
        """
        ratios = [0.0] * len(self.signals.stages)
        for stream in self.streams:
            name = self.signals.groups[stream.group].id
            stages = [k for k, stage in enumerate(self.signals.stages) if name in stage.groups]
            for k in stages:
                ratios[k] = max(ratios[k], stream.flow_ratio / len(stages))
        return [max(ratio, 0.01) for ratio in ratios]


def junctions_of(sites: Sequence[Site], flows: Mapping[str, Mapping[str, float]]) -> list[Junction]:
    """Builds the corridor from site files and measured flows.

    Args:
        sites: junctions with signals, in any order.
        flows: demand of each node's lanes, MCU/h.
    """
    junctions = []
    for site in sites:
        if site.signals is None:
            continue
        streams = [
            stream
            for approach in site.approaches
            for stream in _streams(site, site.signals, approach, flows.get(site.id, {}))
        ]
        junctions.append(Junction(site.id, site.signals, tuple(streams)))
    return junctions


def _streams(site: Site, signals: Signals, approach: Approach, flows: Mapping[str, float]) -> list[Stream]:
    groups = {group.id: index for index, group in enumerate(signals.groups)}
    left_only: list[Lane] = []
    others: list[Lane] = []
    for lane in approach.lanes:
        own_arrow = approach.left_signal_group is not None and set(lane.turns) == {Turn.LEFT}
        (left_only if own_arrow else others).append(lane)
    found = []
    for lanes, name in ((others, approach.signal_group), (left_only, approach.left_signal_group)):
        if not lanes or name is None:
            continue
        width = sum(lane.width_m for lane in lanes)
        found.append(
            Stream(
                node=site.id,
                approach=approach.id,
                group=groups[name],
                flow_mcu_h=max(LEAST_FLOW_MCU_H, HEADROOM * sum(flows.get(lane.id, 0.0) for lane in lanes)),
                saturation_mcu_h=SATURATION_MCU_H_M * width,
                storage_mcu=approach.length_m * width / MCU_AREA_M2,
                upstream=approach.upstream,
                travel_s=round(approach.length_m / (PLATOON_SHARE_OF_LIMIT * approach.speed_limit_mps)),
                heading_deg=approach.heading_deg,
            )
        )
    return found
