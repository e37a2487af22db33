/* The network kernel's loop by hand in C: what Numba's code is measured against.

   It follows models/queueing/network/kernel.py line by line over the same record arrays, so that it gives the same
   figures to the last bit (built without contraction of products and sums). records.h is written from the kernel's
   own dtypes by benchmarks/c_twin.py. */

#include <math.h>
#include <stdint.h>

#include "records.h"

#define LAST (QUEUE_POSITIONS - 1)
#define STOP_S 3.0
#define FAR 1e9

enum { GOES, INTO_BOX, WAITS };

static inline double least(double a, double b) { return b < a ? b : a; }
static inline double most(double a, double b) { return b > a ? b : a; }

static inline void schedule(int32_t *restrict calendar, int64_t horizon, int32_t *restrict behind, int64_t server,
                            double time_s, int64_t now)
{
    int64_t second = (int64_t)time_s;
    if (second < now)
        second = now;
    if (second < horizon) {
        behind[server] = calendar[second];
        calendar[second] = (int32_t)server;
    }
}

/* When it pays to look again; 0 if no foe is in the way at t. */
static inline double foes_until(int64_t first, int64_t end, int64_t edge, double t, double gap_s, double look_s,
                                const Foe *restrict foes, const Lane *restrict lanes, const LaneState *restrict queue,
                                const Place *restrict ring, const GroupState *restrict groups,
                                const double *restrict passed_s)
{
    for (int64_t x = first; x < end; x++) {
        const Foe *foe = &foes[x];
        double cleared = passed_s[foe->link] + foe->clear_s;
        if (cleared > t)
            return cleared;
        const LaneState *q = &queue[foe->lane];
        if (q->count == 0 || groups[foe->group].lamp < GREEN)
            continue;
        if (q->block == AT_GAP || (q->block == AT_FULL && foe->edge != edge))
            continue;
        const Lane *lane = &lanes[foe->lane];
        int32_t place = q->head, n = q->count < 3 ? q->count : 3;
        double free_s = q->free_s;
        for (int32_t i = 0; i < n; i++) {
            const Place *rider = &ring[lane->slot + place];
            double arrival = most(rider->arrival_s, free_s);
            if (arrival > t + gap_s)
                break;
            if (rider->link == foe->link)
                return most(arrival, t + 1.0);
            free_s = arrival + look_s;
            if (++place == lane->places)
                place = 0;
        }
    }
    return 0.0;
}

void advance(const Network *net, const Behaviour *how, const Programs *programs, const Demand *demand,
             const double *restrict stage_s, const State *state, int64_t begin, int64_t end)
{
    const Lane *restrict lanes = net->lanes;
    const Travel *restrict travel = net->travel;
    const Kind *restrict kinds = net->kinds;
    const Link *restrict links = net->links;
    const Foe *restrict foes = net->foes;
    const Box *restrict boxes = net->boxes;
    const double *restrict queue_headway_s = how->headway_s, *restrict queue_mps = how->speed_mps;
    const double *restrict queue_amber_s = how->amber_s, *restrict how_s = how->scalar;
    const Vehicle *restrict vehicles = demand->vehicles;
    const int32_t *restrict source_vehicle = demand->source_vehicle, *restrict step_choice = demand->step_choice;
    const Choice *restrict choices = demand->choices;
    const Option *restrict options = demand->options;
    int32_t *restrict clock = state->clock;
    LaneState *restrict queue = state->lanes;
    Place *restrict ring = state->ring;
    GroupState *restrict groups = state->groups;
    double *restrict passed_s = state->passed_s;
    int32_t *restrict box_count = state->box_count;
    Place *restrict box_ring = state->box_ring;
    VehicleState *restrict driven = state->vehicles;
    SourceState *restrict source = state->sources;
    ControllerState *restrict controllers = state->controllers;
    int32_t *restrict calendar = state->calendar;
    int32_t *restrict stages_due = state->stages_due;
    int32_t *restrict waiting = state->waiting;
    int32_t *restrict behind = state->behind;
    const int64_t horizon = state->calendar_length, stage_horizon = state->stages_due_length;
    const int64_t n_lanes = net->lanes_length, n_riders = n_lanes + state->sources_length;

    for (int64_t now = begin; now < end; now++) {
        const double t = (double)now, t1 = (double)(now + 1);
        /* --- signals --- */
        int64_t c = stages_due[now];
        while (c >= 0) {
            ControllerState *controller = &controllers[c];
            int32_t p = controller->stage + 1;
            if (p == programs->stage_ptr[c + 1])
                p = programs->stage_ptr[c];
            int64_t follower = controller->behind;
            controller->stage = p;
            controller->until_s += stage_s[p];
            for (int32_t x = programs->change_ptr[p]; x < programs->change_ptr[p + 1]; x++) {
                GroupState *group = &groups[programs->change_group[x]];
                group->lamp = programs->change_lamp[x];
                group->since_s = t;
                if (group->lamp >= GREEN) {
                    int32_t s = group->at_red;
                    group->at_red = -1;
                    while (s >= 0) {
                        int32_t other = behind[s];
                        queue[s].block = RELEASED;
                        behind[s] = calendar[now];
                        calendar[now] = s;
                        s = other;
                    }
                }
            }
            int64_t due = (int64_t)ceil(controller->until_s);
            if (due <= now)
                continue;
            if (due < stage_horizon) {
                controller->behind = stages_due[due];
                stages_due[due] = (int32_t)c;
            }
            c = follower;
        }
        /* --- servers --- */
        for (int64_t s = calendar[now]; s >= 0; s = calendar[now]) {
            calendar[now] = behind[s];
            int64_t k = -1, box = -1, edge = -1, v;
            int decision = GOES, full = 0, why;
            double again = 0.0, arrival, d;
            if (s < n_lanes) {
                LaneState *q = &queue[s];
                const Lane *lane = &lanes[s];
                const Place *first = &ring[lane->slot + q->head];
                v = first->vehicle;
                k = first->link;
                arrival = first->arrival_s;
                why = q->block;
                d = most(arrival, q->free_s);
                if (d >= t1) {
                    schedule(calendar, horizon, behind, s, d, now);
                    continue;
                }
                if (k >= 0) {
                    const Link *link = &links[k];
                    GroupState *group = &groups[link->group];
                    const int32_t show = group->lamp;
                    if (d < t && (why != FLOWING || d < t - 1.0))
                        d = t;
                    if (show <= AMBER) {
                        double used = link->amber_s;
                        if (arrival < q->free_s)
                            used = least(used, queue_amber_s[q->position]);
                        if (show == RED || why == AT_RED || why == RELEASED || d >= group->since_s + used) {
                            q->block = AT_RED;
                            behind[s] = group->at_red;
                            group->at_red = (int32_t)s;
                            continue;
                        }
                    }
                    box = link->box;
                    if (q->boxed >= lane->boxed_block && (box < 0 || box_count[box] == 0)) {
                        decision = WAITS;
                    } else if (show >= YIELD) {
                        if (show == STOP && why != AT_GAP && why != STARTING) {
                            decision = WAITS;
                        } else if (box >= 0 && box_count[box] > 0) {
                            decision = box_count[box] < boxes[box].places ? INTO_BOX : WAITS;
                        } else {
                            double gap_s = why == FLOWING && show != STOP ? link->gap_moving_s : link->gap_standing_s;
                            again = foes_until(link->foes, link->foes_end, lanes[link->to].edge, d, gap_s,
                                               how_s[LOOK_S], foes, lanes, queue, ring, groups, passed_s);
                            if (again > 0.0)
                                decision = box >= 0 && show == YIELD ? INTO_BOX : WAITS;
                        }
                    }
                } else if (d < t - 1.0) {
                    d = t;
                }
            } else if (s < n_riders) {
                const SourceState *origin = &source[s - n_lanes];
                v = source_vehicle[origin->next];
                arrival = vehicles[v].depart_s;
                why = FLOWING;
                d = most(arrival, origin->last_s + how_s[INSERT_S] * origin->share);
                if (d >= t1) {
                    schedule(calendar, horizon, behind, s, d, now);
                    continue;
                }
                d = most(d, t);
            } else {
                box = s - n_riders;
                k = boxes[box].link;
                const Place *first = &box_ring[boxes[box].slot];
                const Link *link = &links[k];
                v = first->vehicle;
                arrival = first->arrival_s;
                why = FLOWING;
                d = most(t, arrival);
                again = foes_until(link->foes, link->foes_end, lanes[link->to].edge, d, link->gap_boxed_s,
                                   how_s[LOOK_S], foes, lanes, queue, ring, groups, passed_s);
                if (again > 0.0)
                    decision = WAITS;
            }
            /* --- room at the exit --- */
            VehicleState *rider = &driven[v];
            int64_t target = -1, option = -1, mine = -1;
            double e = d;
            const int32_t kind = rider->kind;
            const Travel *restrict drives = &travel[kind * n_lanes];
            if (decision == GOES && (k >= 0 || s >= n_lanes)) {
                int32_t step = rider->step;
                if (k >= 0) {
                    step++;
                    mine = links[k].to;
                    e = d + links[k].time_s;
                }
                const Choice *choice = &choices[step_choice[step]];
                double best = FAR, opens = FAR;
                for (int32_t x = choice->first; x < choice->end; x++) {
                    const Option *leads = &options[x];
                    if (leads->link == LEAVES) {
                        target = leads->lane;
                        option = x;
                        break;
                    }
                    const LaneState *there = &queue[leads->lane];
                    const Lane *ahead = &lanes[leads->lane];
                    double used_m = there->used_m + drives[leads->lane].space_m;
                    if (used_m > ahead->storage_m && (used_m > ahead->moving_m || there->block != FLOWING))
                        continue;
                    if (there->open_s > e + 1.0) {
                        opens = least(opens, there->open_s);
                        continue;
                    }
                    double cost = there->used_m * ahead->per_m + how_s[PENALTY_VEH] * leads->penalty;
                    if (mine >= 0) {
                        int64_t over = leads->lane - mine;
                        cost += ahead->change_veh * (double)(over < 0 ? -over : over);
                    }
                    if (cost < best) {
                        best = cost;
                        target = leads->lane;
                        option = x;
                    }
                }
                if (target < 0) {
                    decision = WAITS;
                    full = 1;
                    if (opens < FAR) {
                        again = opens - (e - d);
                    } else {
                        again = FAR;
                        edge = lanes[options[choice->first].lane].edge;
                    }
                } else if (mine >= 0 && queue[mine].merged_s + how_s[MERGE_S] > e) {
                    d += queue[mine].merged_s + how_s[MERGE_S] - e;
                    e = queue[mine].merged_s + how_s[MERGE_S];
                    if (s < n_lanes && d >= t1) {
                        queue[s].free_s = d;
                        schedule(calendar, horizon, behind, s, d, now);
                        continue;
                    }
                }
            }
            /* --- who waits, and for what --- */
            if (decision == WAITS) {
                if (s < n_lanes) {
                    LaneState *q = &queue[s];
                    if (why == FLOWING || why == STARTING)
                        q->since_s = t;
                    q->block = full ? AT_FULL : AT_GAP;
                }
                if (edge >= 0) {
                    behind[s] = waiting[edge];
                    waiting[edge] = (int32_t)s;
                } else {
                    schedule(calendar, horizon, behind, s, most(again, t1), now);
                }
                continue;
            }
            /* --- the first one of a lane starts and passes --- */
            double speed = 99.0, brake = 0.0;
            if (s < n_lanes) {
                LaneState *q = &queue[s];
                const Lane *lane = &lanes[s];
                if (why == FLOWING) {
                    if (arrival > q->free_s + 0.5)
                        q->position = LAST;
                } else if (why != STARTING) {
                    double start = t;
                    if (why == AT_RED || why == RELEASED) {
                        q->position = 0;
                        start = t + how_s[START_S];
                    } else if (t - q->since_s >= how_s[PATIENCE_S]) {
                        q->position = 0;
                        start = t + how_s[AFTER_GAP_S];
                        if (why == AT_FULL)
                            start = t + how_s[AFTER_FULL_S];
                    } else if (why == AT_GAP) {
                        start = t + 0.4;
                    }
                    q->free_s = most(start, q->free_s);
                    q->block = STARTING;
                    if (q->free_s >= t1) {
                        schedule(calendar, horizon, behind, s, q->free_s, now);
                        continue;
                    }
                    if (q->free_s > d) {
                        e += q->free_s - d;
                        d = q->free_s;
                    }
                }
                const int32_t n = q->position;
                rider->delay_s += d - arrival;
                if (d - arrival > STOP_S)
                    rider->stops++;
                clock[PASSED]++;
                const double space_m = drives[s].space_m;
                if (q->used_m + space_m > lane->storage_m)
                    q->open_s = d + lane->wave_s;
                q->used_m -= space_m;
                q->count--;
                if (++q->head == lane->places)
                    q->head = 0;
                q->block = FLOWING;
                int32_t x = waiting[lane->edge];
                if (x >= 0) {
                    waiting[lane->edge] = -1;
                    while (x >= 0) {
                        int32_t other = behind[x];
                        double when = d + lane->wave_s;
                        if (x < n_lanes)
                            when -= links[ring[lanes[x].slot + queue[x].head].link].time_s;
                        schedule(calendar, horizon, behind, x, when, now);
                        x = other;
                    }
                }
                q->free_s = d + 0.3;
                if (k >= 0) {
                    const Link *link = &links[k];
                    double headway = most(queue_headway_s[n], link->headway_s);
                    speed = least(queue_mps[n], link->mps);
                    if (groups[link->group].lamp >= YIELD) {
                        headway = most(headway, how_s[YIELD_HEADWAY_S]);
                        speed = least(speed, how_s[YIELD_MPS]);
                    }
                    if (n == LAST)
                        brake = link->brake_s;
                    else
                        q->position = n + 1;
                    q->free_s = d + kinds[kind].headway * headway * lane->headway;
                    passed_s[k] = d;
                }
                if (q->count > 0)
                    schedule(calendar, horizon, behind, s, most(q->free_s, ring[lane->slot + q->head].arrival_s), now);
                if (k < 0) {
                    clock[LEFT]++;
                    continue;
                }
                if (decision == INTO_BOX) {
                    Place *first = &box_ring[boxes[box].slot + box_count[box]];
                    first->vehicle = (int32_t)v;
                    first->arrival_s = d + how_s[BOX_DELAY_S];
                    box_count[box]++;
                    q->boxed++;
                    if (box_count[box] == 1)
                        schedule(calendar, horizon, behind, n_riders + box, first->arrival_s, now);
                    continue;
                }
                rider->step++;
            } else if (s < n_riders) {
                SourceState *origin = &source[s - n_lanes];
                rider->delay_s += d - arrival;
                brake = how_s[ENTRY_LOSS_S];
                clock[ENTERED]++;
                origin->next++;
                origin->last_s = d;
                if (origin->next < origin->end) {
                    double due_s = vehicles[source_vehicle[origin->next]].depart_s;
                    schedule(calendar, horizon, behind, s, most(due_s, d + how_s[INSERT_S] * origin->share), now);
                }
            } else {
                rider->delay_s += d + how_s[AFTER_BOX_S] - arrival;
                rider->step++;
                e += how_s[AFTER_BOX_S] - 0.3 * links[k].time_s;
                speed = least(queue_mps[1], links[k].mps);
                passed_s[k] = d;
                queue[links[k].lane].boxed--;
                const int32_t slot = boxes[box].slot;
                box_count[box]--;
                for (int32_t x = slot; x < slot + box_count[box]; x++) {
                    box_ring[x].vehicle = box_ring[x + 1].vehicle;
                    box_ring[x].arrival_s = most(box_ring[x + 1].arrival_s, d + how_s[FOLLOW_BOX_S]);
                }
                if (box_count[box] > 0)
                    schedule(calendar, horizon, behind, s, box_ring[slot].arrival_s, now);
            }
            /* --- into the next lane --- */
            LaneState *q = &queue[target];
            const Lane *lane = &lanes[target];
            const Travel *drive = &drives[target];
            double share = 1.0;
            if (k < 0)
                share = vehicles[v].entry_share;
            else
                queue[mine].merged_s = e;
            const double missing = most(0.0, lane->mps - speed);
            const double loss = brake + missing * missing * lane->ramp;
            rider->delay_s += loss + drive->drag_s * rider->pace * share;
            if (options[option].link == LEAVES) {
                clock[LEFT]++;
                clock[PASSED]++;
                continue;
            }
            if (e < q->open_s)
                e = least(q->open_s, e + 1.0);
            Place *last = &ring[lane->slot + q->tail];
            last->vehicle = (int32_t)v;
            last->link = options[option].link;
            last->arrival_s = e + drive->time_s * rider->pace * share + loss;
            int32_t place = q->tail;
            if (++q->tail == lane->places)
                q->tail = 0;
            q->used_m += drive->space_m;
            q->count++;
            if (q->count == 1) {
                schedule(calendar, horizon, behind, target, last->arrival_s, now);
            } else if (kinds[kind].filter_s > 0.0) {
                const double ready_s = last->arrival_s - kinds[kind].filter_s;
                for (int32_t i = 0; i < q->count - 2; i++) {
                    place = (place > 0 ? place : lane->places) - 1;
                    Place *ahead_of = &ring[lane->slot + place];
                    if (ahead_of->arrival_s < ready_s || kinds[driven[ahead_of->vehicle].kind].filter_s > 0.0)
                        break;
                    const double mine_s = last->arrival_s;
                    last->vehicle = ahead_of->vehicle;
                    last->link = ahead_of->link;
                    last->arrival_s = ahead_of->arrival_s;
                    ahead_of->vehicle = (int32_t)v;
                    ahead_of->link = options[option].link;
                    ahead_of->arrival_s = mine_s;
                    last = ahead_of;
                }
            }
        }
    }
}
