"""What the network kernel reads and writes: arrays of records, so that one cache line holds what one step needs."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

I4: TypeAlias = NDArray[np.int32]
F8: TypeAlias = NDArray[np.float64]
Records: TypeAlias = Any
"""A record array of one of the types below (NumPy cannot tell its fields to a type checker)."""

RED, AMBER, GREEN, YIELD, STOP = range(5)
"""What a link may show. YIELD is a green that gives way (SUMO's ``g``), STOP one that halts first (``s``)."""

FLOWING, AT_RED, AT_GAP, AT_FULL, STARTING, RELEASED = range(6)
"""Why the head of a lane stands; RELEASED has just been given green."""

NO_LINK, LEAVES = -1, -2
"""In place of a link: the route ends at the end of this lane; or at once, because nobody drives on from its edge."""

QUEUE_POSITIONS = 12
"""Headways and speeds are told by position in the queue; the last one is that of a platoon that never stopped."""


def _record(**fields: type) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()), align=True)


_i, _f, _h = np.int32, np.float64, np.float32
"""Figures of half the size for what never changes, so that a record fits a cache line: 1 to 6 % less time on the RESCO
networks. What moves is reckoned in doubles."""


LANE = _record(
    edge=_i,
    slot=_i,  # first place in the ring
    places=_i,  # of the ring
    storage_m=_h,  # room for standing vehicles
    moving_m=_h,  # room while its first vehicle moves; more than that on lanes too short for two
    wave_s=_h,  # time that a gap takes from the stop line to the entrance
    boxed_block=_i,  # how many wait in the junction until they stand in the way of those behind them
    per_m=_h,  # vehicles of queue in a metre of room taken
    change_veh=_h,  # what a lane change near the entrance is worth, in vehicles of queue
    headway=_h,  # factor on the headways; below 1 for a stream wider than a lane
    mps=_h,  # mean free speed of the ordinary vehicle
    ramp=_h,  # time lost per square of the speed that is missing at the entrance, s/(m/s)2
)
TRAVEL = _record(
    time_s=_h,  # free travel time of a class on a lane, at pace 1
    drag_s=_h,  # the part of it that counts as delay (dawdling)
    space_m=_h,  # room that it takes when standing
)
LINK = _record(
    lane=_i,  # that it leaves
    to=_i,  # lane that it leads to
    group=_i,  # signal group that it obeys
    box=_i,  # its waiting room inside the junction, -1 for none
    foes=_i,  # first of those it yields to
    foes_end=_i,
    time_s=_h,  # through the junction
    headway_s=_h,  # least headway, longer on tight turns
    mps=_h,  # speed at which it is driven
    brake_s=_h,  # time lost by braking for the turn
    amber_s=_h,  # amber that a driver at free speed still uses
    gap_standing_s=_h,  # time that must be free of foes, from a stand
    gap_moving_s=_h,  # the same on the move
    gap_boxed_s=_h,  # the same from the box
)
FOE = _record(link=_i, lane=_i, group=_i, edge=_i, clear_s=_f)  # clear: how long it blocks after a vehicle has entered
BOX = _record(link=_i, slot=_i, places=_i)
KIND = _record(
    headway=_f,  # factor on the headways
    filter_s=_f,  # how much of a queue it passes by filtering between those who cannot; 0 for those
)
VEHICLE = _record(
    depart_s=_f,  # scheduled
    entry_share=_f,  # share of the first lane that is still to be driven
    step=_i,  # first step of its route
    kind=_i,  # class
    group=_i,  # whose sums it counts in
)
CHOICE = _record(first=_i, end=_i)  # the lanes that lead on
OPTION = _record(lane=_i, link=_i, penalty=_f)  # penalty 0..1: how soon this lane stops leading on

LANE_STATE = _record(
    count=_i,  # vehicles
    head=_i,  # place of the first one
    tail=_i,  # place behind the last one
    block=_i,  # why the head stands
    position=_i,  # queue position of the head
    boxed=_i,  # vehicles of this lane that wait in the junction
    used_m=_f,  # room taken
    free_s=_f,  # when the stop line is free for the next one
    since_s=_f,  # when the head came to stand
    open_s=_f,  # when the gap of a full lane reaches its entrance
    merged_s=_f,  # last entrance by a link of its own
)
PLACE = _record(vehicle=_i, link=_i, arrival_s=_f)  # arrival at the stop line if nobody stood in the way
GROUP_STATE = _record(lamp=_i, at_red=_i, since_s=_f)  # at_red: first lane that waits for green, -1 for none
VEHICLE_STATE = _record(step=_i, stops=_i, kind=_i, delay_s=_f, pace=_f)  # all that a step needs of a vehicle
CONTROLLER_STATE = _record(stage=_i, behind=_i, until_s=_f)
SOURCE_STATE = _record(next=_i, end=_i, last_s=_f, share=_f)  # share: of the least headway, 1 over its entrances


class Network(NamedTuple):
    """The street; never changes during a run.

    Attributes:
        lanes: ``(lanes,)`` `LANE`.
        travel: ``(classes, lanes)`` `TRAVEL`.
        kinds: ``(classes,)`` `KIND`.
        links: ``(links,)`` `LINK`.
        foes: ``(foes,)`` `FOE`.
        boxes: ``(boxes,)`` `BOX`.
        group_lamp: ``(groups,)`` what a group shows at first; for ever, if it has no controller.
    """

    lanes: Records
    travel: Records
    kinds: Records
    links: Records
    foes: Records
    boxes: Records
    group_lamp: I4


class Behaviour(NamedTuple):
    """How drivers start and stop, the same everywhere.

    Attributes:
        headway_s: ``(QUEUE_POSITIONS,)`` from the vehicle at this position to the next one.
        speed_mps: ``(QUEUE_POSITIONS,)`` its speed at the line.
        amber_s: ``(QUEUE_POSITIONS,)`` amber that it still uses.
        scalar: ``(SCALARS,)`` the rest, by the indices below.
    """

    headway_s: F8
    speed_mps: F8
    amber_s: F8
    scalar: F8


(
    START_S,  # green to the first front over the line
    AFTER_GAP_S,  # the same after a gap in the opposing stream
    AFTER_FULL_S,  # the same after the exit was full
    INSERT_S,  # least headway of those who enter the network by one lane
    ENTRY_LOSS_S,  # time lost by entering
    BOX_DELAY_S,  # from the line to the waiting place in the junction
    MERGE_S,  # least headway of two streams that merge into one lane
    PATIENCE_S,  # a head that stood shorter than this never stopped
    PENALTY_VEH,  # what a lane that ends soon is worth, in vehicles of queue
    YIELD_MPS,  # speed at which a driver who gives way looks
    YIELD_HEADWAY_S,  # least headway of a stream that gives way
    LOOK_S,  # slack between foes
    AFTER_BOX_S,  # from the gap to the start of a vehicle in the box
    FOLLOW_BOX_S,  # the next one out of the box
    SCALARS,
) = range(15)


class Programs(NamedTuple):
    """Signal programs: what each group shows in each stage. A plan adds the stages' lengths and the offsets.

    Attributes:
        stage_ptr: ``(controllers + 1,)`` first stage of each controller.
        group_ptr: ``(controllers + 1,)`` its first group.
        lamp_ptr: ``(stages,)`` start of each stage's lamps, one for each group of its controller.
        lamp: ``(lamps,)`` what the group shows.
        change_ptr: ``(stages + 1,)`` start of the groups that change when the stage begins.
        change_group: ``(changes,)`` group.
        change_lamp: ``(changes,)`` what it shows from then on.
    """

    stage_ptr: I4
    group_ptr: I4
    lamp_ptr: I4
    lamp: I4
    change_ptr: I4
    change_group: I4
    change_lamp: I4


class Demand(NamedTuple):
    """Who drives when and along which edges.

    Attributes:
        vehicles: ``(vehicles,)`` `VEHICLE`.
        source_ptr: ``(sources + 1,)`` start of each source's vehicles.
        source_vehicle: ``(vehicles,)`` vehicles in order of departure.
        step_choice: ``(steps,)`` which choice each step of the routes has.
        choices: ``(choices,)`` `CHOICE`.
        options: ``(options,)`` `OPTION`.
    """

    vehicles: Records
    source_ptr: I4
    source_vehicle: I4
    step_choice: I4
    choices: Records
    options: Records


class State(NamedTuple):
    """Everything that moves, so that a run can be stopped after any second and go on.

    Servers are lanes, then sources, then boxes. Each is in one list at most: the calendar's second in which it acts
    next, the list of those who wait for room on an edge, or of those who wait for a group's green.

    Attributes:
        clock: ``(CLOCK,)`` counters.
        lanes: ``(lanes,)`` `LANE_STATE`.
        ring: ``(places,)`` `PLACE` on the lanes.
        groups: ``(groups,)`` `GROUP_STATE`.
        passed_s: ``(links,)`` last vehicle.
        box_count: ``(boxes,)`` who waits in each box.
        box_ring: ``(box places,)`` `PLACE` in the boxes.
        vehicles: ``(vehicles,)`` `VEHICLE_STATE`.
        sources: ``(sources,)`` `SOURCE_STATE`.
        controllers: ``(controllers,)`` `CONTROLLER_STATE`.
        calendar: ``(horizon,)`` first server of each second, -1 for none.
        stages_due: ``(horizon,)`` first controller that changes its stage in that second, -1 for none.
        waiting: ``(edges,)`` first server that waits for room on the edge, -1 for none.
        behind: ``(servers,)`` next one in the same list.
    """

    clock: I4
    lanes: Records
    ring: Records
    groups: Records
    passed_s: F8
    box_count: I4
    box_ring: Records
    vehicles: Records
    sources: Records
    controllers: Records
    calendar: I4
    stages_due: I4
    waiting: I4
    behind: I4


ENTERED, LEFT, PASSED, TRACED, CLOCK = range(5)
"""Counters of a run; PASSED counts vehicle-links, the unit in which the kernel's speed is told."""

RECORDS: dict[str, np.dtype[np.void]] = {
    "Network.lanes": LANE,
    "Network.travel": TRAVEL,
    "Network.kinds": KIND,
    "Network.links": LINK,
    "Network.foes": FOE,
    "Network.boxes": BOX,
    "Demand.vehicles": VEHICLE,
    "Demand.choices": CHOICE,
    "Demand.options": OPTION,
    "State.lanes": LANE_STATE,
    "State.ring": PLACE,
    "State.groups": GROUP_STATE,
    "State.box_ring": PLACE,
    "State.vehicles": VEHICLE_STATE,
    "State.sources": SOURCE_STATE,
    "State.controllers": CONTROLLER_STATE,
}


def records(kind: np.dtype[np.void], shape: int | tuple[int, ...]) -> Records:
    """An empty array of records whose fields are attributes, in Python as in a kernel."""
    return np.zeros(shape, kind).view(np.recarray)
