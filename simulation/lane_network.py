"""From a SUMO network and its vehicles' types to the queue kernel's lanes, links and signal groups."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.network.physics import (
    Settings,
    VehicleKind,
    amber_used_s,
    platoon_headway_s,
    time_from_rest_s,
)
from nutgiao.models.queueing.network.programs import programs_of
from nutgiao.models.queueing.network.tables import (
    BOX,
    F8,
    FOE,
    I4,
    KIND,
    LANE,
    LINK,
    RED,
    TRAVEL,
    Network,
    Programs,
    Records,
    records,
)
from nutgiao.simulation.lane_street import LAMPS, Street

_MOVING_LEAST = 2
"""A lane too short for two vehicles takes a second one while the first one moves, as drivers do who keep a junction
clear. With one at all times no platoon gets through, with two at all times the queues of Ingolstadt come out too short.
"""

_QUEUE_MPS = 10.8
"""Speed of a discharging queue, at which the headways of other classes are compared with the ordinary car's."""


class SignalGroups(NamedTuple):
    """Links of a street that always show the same.

    Attributes:
        of_link: ``(links,)`` group of each link. Links without a signal share one group for each thing that they may
            show for ever.
        at_first: ``(groups,)`` what they show before any program has begun.
        programs: of the controllers.
    """

    of_link: I4
    at_first: I4
    programs: Programs


def signal_groups(street: Street) -> SignalGroups:
    """The signal groups of a street and their programs."""
    of_link = np.full(len(street.link_from), -1, np.int32)
    controllers: list[tuple[int, list[tuple[int, ...]]]] = []
    groups = 0
    for c, program in enumerate(street.programs):
        columns: dict[tuple[int, ...], int] = {}
        for k in np.flatnonzero(street.link_signal == c).tolist():
            column = tuple(LAMPS[state[street.link_index[k]]] for state in program.states)
            of_link[k] = groups + columns.setdefault(column, len(columns))
        controllers.append((len(program.states), list(columns)))
        groups += len(columns)
    at_first = [RED] * groups
    fixed: dict[int, int] = {}
    for k in np.flatnonzero(of_link < 0).tolist():
        show = int(street.link_lamp[k])
        if show not in fixed:
            fixed[show] = len(at_first)
            at_first.append(show)
        of_link[k] = fixed[show]
    return SignalGroups(of_link, np.array(at_first, np.int32), programs_of(controllers))


def network_of(street: Street, kinds: tuple[VehicleKind, ...], settings: Settings, groups: SignalGroups) -> Network:
    """The kernel's network for these classes of vehicles.

    Args:
        street: the network.
        kinds: classes of vehicles; the first one is the ordinary one, by which lanes and links are measured.
        settings: free parameters.
        groups: `signal_groups` of the street.
    """
    links = _links(street, kinds[0], groups.of_link, settings)
    waits = np.flatnonzero(street.link_waits_inside)
    boxes = records(BOX, len(waits))
    boxes.link = waits
    room = (street.link_first_m[waits] / kinds[0].space_m).astype(np.int32) + 1
    boxes.places = np.clip(room, 1, int(settings.box_places))
    boxes.slot = np.cumsum(boxes.places) - boxes.places
    kind = records(KIND, len(kinds))
    usual_s = settings.reaction_s + kinds[0].space_m / _QUEUE_MPS
    kind.headway = [(settings.reaction_s + k.space_m / _QUEUE_MPS) / usual_s for k in kinds]
    foes = _foes(street, kinds[0], groups.of_link, settings)
    return Network(
        _lanes(street, kinds, settings), _travel(street, kinds, settings), kind, links, foes, boxes, groups.at_first
    )


def _lanes(street: Street, kinds: tuple[VehicleKind, ...], s: Settings) -> Records:
    car, length_m = kinds[0], street.lane_length_m
    free_link = ~_in_conflict(street) & (street.link_signal < 0)
    lead_in_m = np.zeros(len(length_m))  # a queue goes on over a link that nobody crosses
    np.maximum.at(lead_in_m, street.link_to[free_link], street.link_length_m[free_link])
    standing = np.maximum(1, np.floor((length_m + lead_in_m) / car.space_m + s.slots))
    moving = np.maximum(_MOVING_LEAST, standing)
    lanes = records(LANE, len(length_m))
    lanes.edge = street.lane_edge
    lanes.places = np.ceil(moving * car.space_m / min(k.space_m for k in kinds)).astype(np.int32) + 1
    lanes.slot = np.cumsum(lanes.places) - lanes.places
    longest_m = max(k.space_m for k in kinds)  # a bus must be able to enter the shortest lane
    lanes.storage_m = np.maximum(standing * car.space_m, longest_m) + 0.01
    lanes.moving_m = np.maximum(moving * car.space_m, longest_m) + 0.01
    lanes.wave_s = np.where(standing > 1, length_m * s.wave_s / car.space_m, s.short_wave_s)
    lanes.boxed_block = 1 + _clear_of(street, car)
    lanes.per_m = 1.0 / car.space_m
    lanes.change_veh = s.lane_change_veh * np.minimum(100.0, 1 + (s.lane_change_m / length_m) ** 2)
    lanes.headway = 1.0
    lanes.mps = np.maximum(1.0, np.minimum(street.lane_speed_mps, car.max_speed_mps) - s.drag * car.drag_mps)
    lanes.ramp = s.loss / (1.5 * car.accel_mps2 * lanes.mps)  # (V - u)^2 / (2 a V), a at three quarters of full
    return lanes


def _clear_of(street: Street, car: VehicleKind) -> NDArray[np.int32]:
    """How many may wait inside the junction, per lane, before one of them stands in the way of those behind him.

    Who waits so far inside that his back is a car's length beyond the line has turned out of the way.
    """
    waits = np.flatnonzero(street.link_waits_inside)
    clear = np.floor((street.link_first_m[waits] - car.length_m) / car.space_m)
    fewest = np.full(len(street.lane_ids), np.inf)
    np.minimum.at(fewest, street.link_from[waits], np.maximum(0.0, clear))
    return np.where(np.isfinite(fewest), fewest, 0).astype(np.int32)


def _travel(street: Street, kinds: tuple[VehicleKind, ...], s: Settings) -> Records:
    travel = records(TRAVEL, (len(kinds), len(street.lane_ids)))
    for row, k in zip(travel, kinds, strict=True):
        wish_mps = np.minimum(street.lane_speed_mps * k.speed_factor, k.max_speed_mps)
        row.time_s = street.lane_length_m / np.maximum(1.0, wish_mps - s.drag * k.drag_mps)
        row.drag_s = row.time_s - street.lane_length_m / wish_mps
        row.space_m = k.space_m
    return travel


def _turn_mps(street: Street, car: VehicleKind) -> tuple[F8, F8]:
    """Limit before and inside the junction, per link."""
    before = np.minimum(street.lane_speed_mps, car.max_speed_mps)[street.link_from]
    return before, np.maximum(1.0, np.minimum(street.link_speed_mps, before))


def _links(street: Street, car: VehicleKind, link_group: I4, s: Settings) -> Records:
    before, inside = _turn_mps(street, car)
    free = np.maximum(1.0, before - s.drag * car.drag_mps)
    real = np.maximum(1.0, inside - s.drag * car.drag_mps)
    way_m, body_m = street.link_length_m, car.length_m
    count = np.array([len(f) for f in street.foes], np.int32)
    links = records(LINK, len(way_m))
    links.lane, links.to, links.group = street.link_from, street.link_to, link_group
    links.box = -1
    waits = np.flatnonzero(street.link_waits_inside)
    links.box[waits] = np.arange(len(waits))
    links.foes_end = np.cumsum(count)
    links.foes = links.foes_end - count
    links.time_s = way_m / np.maximum(1.0, street.link_speed_mps)
    links.headway_s = platoon_headway_s(car, inside, s)
    links.mps = real
    links.brake_s = s.loss * (free - real) ** 2 / (2 * free * car.decel_mps2)
    links.amber_s = s.amber * amber_used_s(car, real)
    # as SUMO's MSLink: whoever yields must have left the conflict a second before a foe comes
    links.gap_standing_s = 1 + s.gap_stand * time_from_rest_s(way_m + body_m, inside, car.accel_mps2)
    links.gap_moving_s = 1 + s.gap_move * (way_m + body_m) / np.minimum(inside, s.yield_speed_mps + 1.5)
    links.gap_boxed_s = 1 + s.gap_box * time_from_rest_s(street.link_last_m + body_m, inside, car.accel_mps2)
    return links


def _foes(street: Street, car: VehicleKind, link_group: I4, s: Settings) -> Records:
    _, inside = _turn_mps(street, car)
    foe = np.array([x for f in street.foes for x in f], np.int32)
    foes = records(FOE, len(foe))
    foes.link, foes.lane, foes.group = foe, street.link_from[foe], link_group[foe]
    foes.edge = street.lane_edge[street.link_to[foe]]
    foes.clear_s = (s.clear * (street.link_length_m + car.length_m) / np.maximum(0.8 * inside, 3.0))[foe]
    return foes


def _in_conflict(street: Street) -> NDArray[np.bool_]:
    conflict = np.array([bool(f) for f in street.foes], np.bool_)
    for f in street.foes:
        conflict[list(f)] = True
    return conflict
