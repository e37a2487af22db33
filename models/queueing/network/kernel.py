"""The network kernel: every queue of a street network, vehicle by vehicle, from event to event."""

# ruff: noqa: I001, PLR1714, SIM109 - a comparison is one instruction here, membership in a tuple a loop

from __future__ import annotations

import numpy as np

from nutgiao.models.jit import kernel
from nutgiao.models.queueing.network.signatures import ADVANCE
from nutgiao.models.queueing.network.steps import foes_until, schedule
from nutgiao.models.queueing.network.tables import (
    AFTER_BOX_S, AFTER_FULL_S, AFTER_GAP_S, AMBER, AT_FULL, AT_GAP, AT_RED, BOX_DELAY_S, ENTERED, ENTRY_LOSS_S, F8,
    FLOWING, FOLLOW_BOX_S, GREEN, INSERT_S, LEAVES, LEFT, LOOK_S, MERGE_S, PASSED, PATIENCE_S,
    PENALTY_VEH, QUEUE_POSITIONS, RED, RELEASED, START_S, STARTING, STOP, TRACED, YIELD, YIELD_HEADWAY_S, YIELD_MPS,
    Behaviour, Demand, Network, Programs, State,
)  # fmt: skip

_LAST = QUEUE_POSITIONS - 1
_STOP_S = 3.0  # who waited longer has stopped
_FAR = 1e9
_SHORTER = np.float64(0.3)  # of the way through the junction lies behind who waits in it
_GOES, _INTO_BOX, _WAITS = range(3)


@kernel(ADVANCE, lean=True)
def advance(  # noqa: PLR0912, PLR0915 - one loop, because a call costs more than a step
    net: Network,
    how: Behaviour,
    programs: Programs,
    demand: Demand,
    stage_s: F8,
    state: State,
    begin: int,
    end: int,
    trace: F8,
) -> None:
    """Lets the street live from second ``begin`` to second ``end``.

    Args:
        net: the street.
        how: how drivers behave.
        programs: the signal programs.
        demand: who drives.
        stage_s: ``(stages,)`` length of each stage, the plan.
        state: is brought up to ``end``.
        begin: first second.
        end: second behind the last one.
        trace: ``(n, 4)`` lane, arrival, passage, vehicle of each passage; nothing is kept when it is full or empty.
    """
    lanes, travel, kinds, links, foes, boxes, _ = net
    queue_headway_s, queue_mps, queue_amber_s, how_s = how
    stage_ptr, _, _, _, change_ptr, change_group, change_lamp = programs
    vehicles, _, source_vehicle, step_choice, choices, options = demand
    (
        clock, queue, ring, groups, passed_s, box_count, box_ring, driven, source, controllers,
        calendar, stages_due, waiting, behind,
    ) = state  # fmt: skip
    n_lanes, n_sources = len(lanes), len(source)
    n_riders = n_lanes + n_sources
    for now in range(begin, end):
        t, t1 = np.float64(now), np.float64(now + 1)
        # --- signals ---
        c = stages_due[now]
        while c >= 0:
            controller = controllers[c]
            p = controller.stage + 1
            if p == stage_ptr[c + 1]:
                p = stage_ptr[c]
            follower = controller.behind
            controller.stage = p
            controller.until_s += stage_s[p]
            for x in range(change_ptr[p], change_ptr[p + 1]):
                group = groups[change_group[x]]
                group.lamp = change_lamp[x]
                group.since_s = t
                if group.lamp >= GREEN:
                    s = group.at_red
                    group.at_red = -1
                    while s >= 0:
                        other = behind[s]
                        queue[s].block = RELEASED
                        behind[s] = calendar[now]
                        calendar[now] = s
                        s = other
            due = int(np.ceil(controller.until_s))
            if due <= now:  # a stage of no length
                continue
            if due < len(stages_due):
                controller.behind = stages_due[due]
                stages_due[due] = c
            c = follower
        # --- servers ---
        while calendar[now] >= 0:
            s = calendar[now]
            calendar[now] = behind[s]
            k, box, decision, again, edge, full = -1, -1, _GOES, 0.0, -1, False
            if s < n_lanes:
                q, lane = queue[s], lanes[s]
                first = ring[lane.slot + q.head]
                v, k, arrival, why = first.vehicle, first.link, first.arrival_s, q.block
                d = max(arrival, q.free_s)
                if d >= t1:
                    schedule(calendar, behind, s, d, now)
                    continue
                if k >= 0:
                    link = links[k]
                    group = groups[link.group]
                    show = group.lamp
                    if d < t and (why != FLOWING or d < t - 1.0):
                        d = t
                    if show <= AMBER:
                        used = link.amber_s
                        if arrival < q.free_s:
                            used = min(used, queue_amber_s[q.position])
                        if show == RED or why == AT_RED or why == RELEASED or d >= group.since_s + used:
                            q.block = AT_RED
                            behind[s] = group.at_red
                            group.at_red = s
                            continue
                    box = link.box
                    if q.boxed >= lane.boxed_block and (box < 0 or box_count[box] == 0):
                        decision = _WAITS  # one of the same lane stands in the junction, in the way
                    elif show >= YIELD:
                        if show == STOP and why != AT_GAP and why != STARTING:
                            decision = _WAITS
                        elif box >= 0 and box_count[box] > 0:
                            decision = _INTO_BOX if box_count[box] < boxes[box].places else _WAITS
                        else:
                            gap_s = link.gap_moving_s if why == FLOWING and show != STOP else link.gap_standing_s
                            again = foes_until(
                                link.foes, link.foes_end, lanes[link.to].edge, d, gap_s, how_s[LOOK_S],
                                foes, lanes, queue, ring, groups, passed_s,
                            )  # fmt: skip
                            if again > 0.0:
                                decision = _INTO_BOX if box >= 0 and show == YIELD else _WAITS
                elif d < t - 1.0:
                    d = t
            elif s < n_riders:
                v = source_vehicle[source[s - n_lanes].next]
                arrival, why = vehicles[v].depart_s, FLOWING
                d = max(arrival, source[s - n_lanes].last_s + how_s[INSERT_S] * source[s - n_lanes].share)
                if d >= t1:
                    schedule(calendar, behind, s, d, now)
                    continue
                d = max(d, t)
            else:
                box = s - n_riders
                k = boxes[box].link
                first, link = box_ring[boxes[box].slot], links[k]
                v, arrival, why = first.vehicle, first.arrival_s, FLOWING
                d = max(t, arrival)
                again = foes_until(
                    link.foes, link.foes_end, lanes[link.to].edge, d, link.gap_boxed_s, how_s[LOOK_S],
                    foes, lanes, queue, ring, groups, passed_s,
                )  # fmt: skip
                if again > 0.0:
                    decision = _WAITS
            # --- room at the exit ---
            rider = driven[v]
            target, option, e, mine, kind = -1, -1, d, -1, rider.kind
            if decision == _GOES and (k >= 0 or s >= n_lanes):
                step = rider.step
                if k >= 0:
                    step += 1
                    mine = links[k].to
                    e = d + links[k].time_s
                choice = choices[step_choice[step]]
                best, opens = _FAR, _FAR
                for x in range(choice.first, choice.end):
                    leads = options[x]
                    if leads.link == LEAVES:
                        target, option = leads.lane, x
                        break
                    there = queue[leads.lane]
                    ahead = lanes[leads.lane]
                    used_m = there.used_m + travel[kind, leads.lane].space_m
                    if used_m > ahead.storage_m and (used_m > ahead.moving_m or there.block != FLOWING):
                        continue
                    if there.open_s > e + 1.0:
                        opens = min(opens, there.open_s)
                        continue
                    cost = there.used_m * ahead.per_m + how_s[PENALTY_VEH] * leads.penalty
                    if mine >= 0:
                        cost += ahead.change_veh * abs(leads.lane - mine)
                    if cost < best:
                        best, target, option = cost, leads.lane, x
                if target < 0:
                    decision, full = _WAITS, True
                    if opens < _FAR:
                        again = opens - (e - d)
                    else:
                        again = _FAR
                        edge = lanes[options[choice.first].lane].edge
                elif mine >= 0 and queue[mine].merged_s + how_s[MERGE_S] > e:
                    d += queue[mine].merged_s + how_s[MERGE_S] - e
                    e = queue[mine].merged_s + how_s[MERGE_S]
                    if s < n_lanes and d >= t1:
                        queue[s].free_s = d
                        schedule(calendar, behind, s, d, now)
                        continue
            # --- who waits, and for what ---
            if decision == _WAITS:
                if s < n_lanes:
                    blocked = AT_FULL if full else AT_GAP
                    q = queue[s]
                    if why == FLOWING or why == STARTING:
                        q.since_s = t
                    q.block = blocked
                if edge >= 0:
                    behind[s] = waiting[edge]
                    waiting[edge] = s
                else:
                    schedule(calendar, behind, s, max(again, t1), now)
                continue
            # --- the first one of a lane starts and passes ---
            speed, brake = 99.0, 0.0
            if s < n_lanes:
                q, lane = queue[s], lanes[s]
                if why == FLOWING:
                    if arrival > q.free_s + 0.5:
                        q.position = _LAST
                elif why != STARTING:
                    start = t
                    if why == AT_RED or why == RELEASED:
                        q.position = 0
                        start = t + how_s[START_S]
                    elif t - q.since_s >= how_s[PATIENCE_S]:
                        q.position = 0
                        start = t + how_s[AFTER_GAP_S]
                        if why == AT_FULL:
                            start = t + how_s[AFTER_FULL_S]
                    elif why == AT_GAP:
                        start = t + 0.4
                    q.free_s = max(start, q.free_s)
                    q.block = STARTING
                    if q.free_s >= t1:
                        schedule(calendar, behind, s, q.free_s, now)
                        continue
                    if q.free_s > d:
                        e += q.free_s - d
                        d = q.free_s
                n = q.position
                rider.delay_s += d - arrival
                if d - arrival > _STOP_S:
                    rider.stops += 1
                clock[PASSED] += 1
                x = clock[TRACED]
                if x < len(trace):
                    trace[x, 0], trace[x, 1], trace[x, 2], trace[x, 3] = s, arrival, d, v
                    clock[TRACED] = x + 1
                space_m = travel[kind, s].space_m
                if q.used_m + space_m > lane.storage_m:
                    q.open_s = d + lane.wave_s
                q.used_m -= space_m
                q.count -= 1
                q.head += 1
                if q.head == lane.places:
                    q.head = 0
                q.block = FLOWING
                x = waiting[lane.edge]
                if x >= 0:
                    waiting[lane.edge] = -1
                    while x >= 0:
                        other = behind[x]
                        when = d + lane.wave_s
                        if x < n_lanes:
                            when -= links[ring[lanes[x].slot + queue[x].head].link].time_s
                        schedule(calendar, behind, x, when, now)
                        x = other
                q.free_s = d + 0.3
                if k >= 0:
                    link = links[k]
                    headway = max(queue_headway_s[n], link.headway_s)
                    speed = min(queue_mps[n], np.float64(link.mps))
                    if groups[link.group].lamp >= YIELD:
                        headway = max(headway, how_s[YIELD_HEADWAY_S])
                        speed = min(speed, how_s[YIELD_MPS])
                    if n == _LAST:
                        brake = link.brake_s
                    else:
                        q.position = n + 1
                    q.free_s = d + kinds[kind].headway * headway * lane.headway
                    passed_s[k] = d
                if q.count > 0:
                    schedule(calendar, behind, s, max(q.free_s, ring[lane.slot + q.head].arrival_s), now)
                if k < 0:
                    clock[LEFT] += 1
                    continue
                if decision == _INTO_BOX:
                    first = box_ring[boxes[box].slot + box_count[box]]
                    first.vehicle, first.arrival_s = v, d + how_s[BOX_DELAY_S]
                    box_count[box] += 1
                    q.boxed += 1
                    if box_count[box] == 1:
                        schedule(calendar, behind, n_riders + box, first.arrival_s, now)
                    continue
                rider.step += 1
            elif s < n_riders:
                rider.delay_s += d - arrival
                brake = how_s[ENTRY_LOSS_S]
                clock[ENTERED] += 1
                origin = source[s - n_lanes]
                origin.next += 1
                origin.last_s = d
                if origin.next < origin.end:
                    due_s = vehicles[source_vehicle[origin.next]].depart_s
                    schedule(calendar, behind, s, max(due_s, d + how_s[INSERT_S] * origin.share), now)
            else:
                rider.delay_s += d + how_s[AFTER_BOX_S] - arrival
                rider.step += 1
                e += how_s[AFTER_BOX_S] - _SHORTER * links[k].time_s
                speed = min(queue_mps[1], np.float64(links[k].mps))
                passed_s[k] = d
                queue[links[k].lane].boxed -= 1
                slot = boxes[box].slot
                box_count[box] -= 1
                for x in range(slot, slot + box_count[box]):
                    box_ring[x].vehicle = box_ring[x + 1].vehicle
                    box_ring[x].arrival_s = max(box_ring[x + 1].arrival_s, d + how_s[FOLLOW_BOX_S])
                if box_count[box] > 0:
                    schedule(calendar, behind, s, box_ring[slot].arrival_s, now)
            # --- into the next lane ---
            q, lane, drive = queue[target], lanes[target], travel[kind, target]
            share = 1.0
            if k < 0:
                share = vehicles[v].entry_share
            else:
                queue[mine].merged_s = e
            missing = max(0.0, np.float64(lane.mps) - speed)
            loss = brake + missing * missing * lane.ramp
            rider.delay_s += loss + drive.drag_s * rider.pace * share
            if options[option].link == LEAVES:
                clock[LEFT] += 1
                clock[PASSED] += 1
                continue
            if e < q.open_s:
                e = min(q.open_s, e + 1.0)
            last = ring[lane.slot + q.tail]
            last.vehicle, last.link = v, options[option].link
            last.arrival_s = e + drive.time_s * rider.pace * share + loss
            place = q.tail
            q.tail += 1
            if q.tail == lane.places:
                q.tail = 0
            q.used_m += drive.space_m
            q.count += 1
            if q.count == 1:
                schedule(calendar, behind, target, last.arrival_s, now)
            elif kinds[kind].filter_s > 0.0:
                ready_s = last.arrival_s - kinds[kind].filter_s
                for _ in range(q.count - 2):  # never past the first one, which may be on its way
                    place = (place if place > 0 else lane.places) - 1
                    ahead_of = ring[lane.slot + place]
                    if ahead_of.arrival_s < ready_s or kinds[driven[ahead_of.vehicle].kind].filter_s > 0.0:
                        break
                    last.vehicle, last.link, arrival = ahead_of.vehicle, ahead_of.link, last.arrival_s
                    last.arrival_s = ahead_of.arrival_s
                    ahead_of.vehicle, ahead_of.link, ahead_of.arrival_s = v, options[option].link, arrival
                    last = ahead_of
