"""Those who were lost and are believed to be there, as plain words say what they do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Lost:
    at_m: float
    mps: float
    length_m: float
    lane: int
    age_s: float = 0.0

    @property
    def stands(self) -> bool:
        return self.mps == 0.0


@dataclass
class Seen:
    x_m: float
    length_m: float
    lane: int
    queued: bool
    appeared: bool


def hold(dt_s: float, lost: list[Lost], seen: list[Seen]) -> list[Lost]:
    """Lets go of who was found and moves the others on, nearest to the line first."""
    lost = list(lost)
    for new in (s for s in seen if s.appeared):
        far = {g.at_m: abs(g.at_m - new.x_m) + (3.0 if g.lane != new.lane else 0.0) for g in lost}
        found = min(lost, key=lambda g: (far[g.at_m], g.at_m), default=None)
        if found is not None and far[found.at_m] < 10.0:
            lost.remove(found)
    lost.sort(key=lambda g: g.at_m)
    standing = [(s.x_m, s.x_m + s.length_m, s.lane) for s in seen if s.queued]
    kept: list[Lost] = []
    for g in lost:
        rears = [rear for x, rear, lane in standing if lane == g.lane and x < g.at_m + 1.0]
        rears += [k.at_m + k.length_m for k in kept if k.stands and k.lane == g.lane]
        if rears and g.at_m - max(rears) < 8.0:
            goal = min(max(rears) + 0.5, g.at_m)
            g.at_m = max(g.at_m - max(g.mps, 1.0) * dt_s, goal)
            if g.at_m <= max(rears) + 1.5:
                g.mps = 0.0
        else:
            g.mps = max(g.mps, 3.0)
            g.at_m -= g.mps * dt_s
        g.age_s += dt_s
        if g.at_m >= 0.0 and g.age_s <= 90.0:
            kept.append(g)
    return kept
