"""Many plans and seeds at once: each worker owns one street and lets it live through its share of the runs."""

from __future__ import annotations

import numba

from nutgiao.models.jit import kernel
from nutgiao.models.queueing.network.kernel import advance
from nutgiao.models.queueing.network.signatures import BATCH, RESET, SETTLE, SHARE
from nutgiao.models.queueing.network.steps import entrances, schedule
from nutgiao.models.queueing.network.tables import F8, FLOWING, I4, LEFT, Behaviour, Demand, Network, Programs, State

_LONG_AGO = -1e6


@kernel(RESET, lean=True)
def reset(
    net: Network,
    programs: Programs,
    demand: Demand,
    stage_s: F8,
    offset_s: F8,
    pace: F8,
    begin_s: float,
    state: State,
) -> None:
    """Empties the street and sets the signals as the plan has them at the beginning.

    Args:
        net: the street.
        programs: the signal programs.
        demand: who drives.
        stage_s: ``(stages,)`` length of each stage.
        offset_s: ``(controllers,)`` when the first stage begins, positive is later.
        pace: ``(vehicles,)`` travel time of each driver as a multiple of the mean.
        begin_s: time of day of second 0, which the offsets refer to.
        state: is made new.
    """
    state.clock[:] = 0
    state.calendar[:] = -1
    state.stages_due[:] = -1
    state.waiting[:] = -1
    state.passed_s[:] = _LONG_AGO
    state.box_count[:] = 0
    for i in range(len(net.lanes)):
        q = state.lanes[i]
        q.count, q.head, q.tail, q.block, q.position, q.boxed = 0, 0, 0, FLOWING, 0, 0
        q.used_m, q.free_s, q.since_s, q.open_s, q.merged_s = 0.0, _LONG_AGO, 0.0, _LONG_AGO, _LONG_AGO
    for g in range(len(net.group_lamp)):
        group = state.groups[g]
        group.lamp, group.at_red, group.since_s = net.group_lamp[g], -1, _LONG_AGO
    for v in range(len(demand.vehicles)):
        rider = state.vehicles[v]
        rider.step, rider.stops, rider.delay_s = demand.vehicles[v].step, 0, 0.0
        rider.kind, rider.pace = demand.vehicles[v].kind, pace[v]
    for c in range(len(state.controllers)):
        cycle_s = 0.0
        for p in range(programs.stage_ptr[c], programs.stage_ptr[c + 1]):
            cycle_s += stage_s[p]
        at_s = (begin_s - offset_s[c]) % cycle_s
        p = programs.stage_ptr[c]
        last = programs.stage_ptr[c + 1] - 1
        while p < last and at_s >= stage_s[p]:  # (0 - 1e-17) % 60 is 60
            at_s -= stage_s[p]
            p += 1
        controller = state.controllers[c]
        controller.stage = p
        controller.until_s = max(stage_s[p] - at_s, 0.0)
        due = int(controller.until_s)
        if due < controller.until_s:
            due += 1
        if due < len(state.stages_due):
            controller.behind = state.stages_due[due]
            state.stages_due[due] = c
        first = programs.group_ptr[c]
        for g in range(first, programs.group_ptr[c + 1]):
            state.groups[g].lamp = programs.lamp[programs.lamp_ptr[p] + g - first]
            state.groups[g].since_s = -at_s
    for i in range(len(state.sources)):
        source = state.sources[i]
        source.next, source.end, source.last_s = demand.source_ptr[i], demand.source_ptr[i + 1], _LONG_AGO
        if source.next < source.end:
            first = demand.vehicles[demand.source_vehicle[source.next]]
            choice = demand.choices[demand.step_choice[first.step]]
            source.share = 1.0 / max(1, entrances(choice.first, choice.end, demand.options))
            schedule(state.calendar, state.behind, len(net.lanes) + i, first.depart_s, 0)


@kernel(SETTLE, lean=True)
def settle(net: Network, demand: Demand, state: State, end_s: float, delay_s: F8, stops: F8) -> None:
    """Adds everyone's delay and stops up, those still on the way or waiting outside included.

    Args:
        net: the street.
        demand: who drives.
        state: as it is at ``end_s``; stays as it is.
        end_s: now.
        delay_s: ``(vehicle groups,)`` output, summed over vehicles.
        stops: ``(vehicle groups,)`` output.
    """
    delay_s[:] = 0.0
    stops[:] = 0.0
    vehicles = demand.vehicles
    for v in range(len(vehicles)):
        delay_s[vehicles[v].group] += state.vehicles[v].delay_s
        stops[vehicles[v].group] += state.vehicles[v].stops
    for i in range(len(net.lanes)):
        lane, q = net.lanes[i], state.lanes[i]
        for j in range(q.count):
            place = state.ring[lane.slot + (q.head + j) % lane.places]
            if place.arrival_s < end_s:
                delay_s[vehicles[place.vehicle].group] += end_s - place.arrival_s
    for b in range(len(net.boxes)):
        for j in range(state.box_count[b]):
            place = state.box_ring[net.boxes[b].slot + j]
            if place.arrival_s < end_s:
                delay_s[vehicles[place.vehicle].group] += end_s - place.arrival_s
    for i in range(len(state.sources)):
        for x in range(state.sources[i].next, state.sources[i].end):
            vehicle = vehicles[demand.source_vehicle[x]]
            if vehicle.depart_s < end_s:
                delay_s[vehicle.group] += end_s - vehicle.depart_s


@kernel(SHARE)
def share(
    worker: int,
    workers: int,
    net: Network,
    how: Behaviour,
    programs: Programs,
    demand: Demand,
    stage_s: F8,
    offset_s: F8,
    pace: F8,
    begin_s: float,
    end: int,
    streets: State,
    nothing: F8,
    delay_s: F8,
    stops: F8,
    left: I4,
) -> None:
    """One worker's runs: every ``workers``-th pair of plan and seed."""
    state = State(
        streets.clock[worker], streets.lanes[worker], streets.ring[worker], streets.groups[worker],
        streets.passed_s[worker], streets.box_count[worker], streets.box_ring[worker], streets.vehicles[worker],
        streets.sources[worker], streets.controllers[worker], streets.calendar[worker], streets.stages_due[worker],
        streets.waiting[worker], streets.behind[worker],
    )  # fmt: skip
    seeds = len(pace)
    for run in range(worker, len(stage_s) * seeds, workers):
        plan, seed = run // seeds, run % seeds
        reset(net, programs, demand, stage_s[plan], offset_s[plan], pace[seed], begin_s, state)
        advance(net, how, programs, demand, stage_s[plan], state, 0, end, nothing)
        settle(net, demand, state, float(end), delay_s[run], stops[run])
        left[run] = state.clock[LEFT]


@kernel(BATCH, parallel=True)
def run_batch(
    net: Network,
    how: Behaviour,
    programs: Programs,
    demand: Demand,
    stage_s: F8,
    offset_s: F8,
    pace: F8,
    begin_s: float,
    end: int,
    streets: State,
    nothing: F8,
    delay_s: F8,
    stops: F8,
    left: I4,
) -> None:
    """Runs every plan with every seed; the result does not depend on the number of workers.

    Args:
        net: the street.
        how: how drivers behave.
        programs: the signal programs.
        demand: who drives.
        stage_s: ``(plans, stages)``.
        offset_s: ``(plans, controllers)``.
        pace: ``(seeds, vehicles)``.
        begin_s: time of day of second 0.
        end: length of a run in seconds.
        streets: one row for each worker.
        nothing: ``(0, 4)`` no trace.
        delay_s: ``(plans * seeds, vehicle groups)`` output.
        stops: ``(plans * seeds, vehicle groups)`` output.
        left: ``(plans * seeds,)`` output, vehicles that reached their end.
    """
    workers = len(streets.clock)
    for worker in numba.prange(workers):
        share(
            worker, workers, net, how, programs, demand, stage_s, offset_s, pace, begin_s, end, streets,
            nothing, delay_s, stops, left,
        )  # fmt: skip
