"""The sums of a lane, as plain words say them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Vehicle:
    x_m: float
    length_m: float
    width_m: float
    mcu: float
    speed_mps: float
    unseen_s: float
    slow_s: float
    lane: int
    queued: bool
    coming: bool


@dataclass
class Sums:
    queue_veh: int = 0
    queue_mcu: float = 0.0
    ahead_veh: int = 0
    back_m: float = 0.0
    sure_m: float = 0.0
    reach_m: float = 0.0
    covered_m2: float = 0.0
    speed_sum: float = 0.0
    present: int = 0
    end_speed: float = 0.0
    end_veh: int = 0


def lane_sums(vehicles: list[Vehicle], lane: int, near_m: float, far_m: float) -> Sums:
    """One lane; who joins the queue is marked in `vehicles`."""
    s = Sums()
    for v in sorted((v for v in vehicles if v.lane == lane and near_m < v.x_m <= far_m), key=lambda v: v.x_m):
        front = v.x_m
        if v.unseen_s > 1.5 and s.back_m > 0 and front - s.back_m < 15:
            front = min(front, s.back_m + 1.0)  # hidden by the one ahead, so right behind it
        if v.coming and 0 < v.speed_mps < 3 and s.back_m > 0 and -2 < front - s.back_m < 6:
            v.queued = True  # brakes behind the queue
        rear = front + v.length_m
        s.present += 1
        s.speed_sum += v.speed_mps
        s.covered_m2 += v.length_m * v.width_m
        if v.x_m > far_m - 20:
            s.end_veh += 1
            s.end_speed += v.speed_mps
        if v.queued:
            s.queue_veh += 1
            s.queue_mcu += v.mcu
            s.ahead_veh += v.x_m < 0
        stands_there = v.queued and v.slow_s >= 3 and v.unseen_s == 0
        if front - s.reach_m > (30 if stands_there else 15):
            continue  # not connected to the line, and does not connect others
        s.reach_m = max(s.reach_m, rear)
        if v.queued and (front - s.back_m <= 10 or v.slow_s >= 1):
            s.back_m = max(s.back_m, rear)
            if v.unseen_s == 0:
                s.sure_m = max(s.sure_m, rear)
    return s
