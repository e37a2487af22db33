"""What a roadside camera finds of the bodies before it: misses in streaks, bodies hidden by others, noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nutgiao.simulation.control.world import Body
from nutgiao.simulation.virtual_camera import (
    EDGE_NOISE_PX,
    FOCAL_PX,
    HALF_SEEN_SHARE,
    HEIGHT_M,
    SETBACK_M,
    SHARE_SLOPE,
)

_NARROW_M = 3.0  # two-wheelers are shorter, and hide nobody


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """A camera on the far side of the junction with a tracker behind it.

    Attributes:
        view_m: from the stop line upstream; the project's cameras resolve a car up to there.
        exit_view_m: of each exit, from its beginning.
        near_miss: share of the seconds in which a free body at the line is not found (a detector's recall; assumed).
        far_miss: the same at the end of the view.
        miss_s: mean length of such a spell (assumed: the same bad light or background lasts a while).
        looks_per_s: independent pictures a second; more are taken, but neighbouring ones fail together (assumed).
        speed_noise_mps: standard deviation of a speed, and
        speed_noise_share: what it grows by with the speed (a tracker's filter; assumed).
        bridge_s: a moving track that is not found is led on for so long,
        bridge_standing_s: a standing one for so long: it cannot have gone, it is hidden.
        neighbours: whether boxes tell each other who comes.
        box_m: lights with shorter streets between them have one box.
    """

    view_m: float = 90.0
    exit_view_m: float = 50.0
    near_miss: float = 0.02
    far_miss: float = 0.10
    miss_s: float = 2.0
    looks_per_s: int = 3
    speed_noise_mps: float = 0.15
    speed_noise_share: float = 0.04
    bridge_s: float = 3.0
    bridge_standing_s: float = 15.0
    neighbours: bool = True
    box_m: float = 40.0

    def miss(self, distance_m: float) -> float:
        """Share of the seconds in which a free body is not found."""
        far = min(1.0, distance_m / self.view_m)
        return self.near_miss + (self.far_miss - self.near_miss) * far * far

    def position_noise_m(self, distance_m: float) -> float:
        """Standard deviation of a distance: noise of a box's lower edge, cast on the ground from the mast.

        A point at the distance D on the ground lies ``f h / D`` pixels below the horizon.
        """
        from_mast_m = SETBACK_M + distance_m
        return EDGE_NOISE_PX * from_mast_m * from_mast_m / (FOCAL_PX * HEIGHT_M)


@dataclass(frozen=True, slots=True)
class Found:
    """A body as the camera measured it.

    Attributes:
        body: which.
        distance_m: of its front from the line.
        speed_mps: towards the line.
    """

    body: Body
    distance_m: float
    speed_mps: float


class Detector:
    """Decides second by second who is found.

    Args:
        figures: of the camera.
        random: its own generator.
    """

    def __init__(self, figures: CameraFigures, random: np.random.Generator) -> None:
        self._figures, self._random = figures, random
        self._missed: dict[tuple[int, str], bool] = {}

    def find(self, lanes: Sequence[tuple[int, list[tuple[float, Body]]]]) -> dict[tuple[int, str], Found]:
        """Looks at all lanes of all approaches.

        Args:
            lanes: for each approach and way to its line (number of the approach, distances and bodies).

        Returns:
            Who is found, by approach and token.
        """
        figures = self._figures
        count = sum(len(bodies) for _, bodies in lanes)
        uniform = self._random.random((count, 2)).tolist()
        normal = self._random.standard_normal((count, 2)).tolist()
        found: dict[tuple[int, str], Found] = {}
        missed: dict[tuple[int, str], bool] = {}
        row = 0
        for approach, bodies in lanes:
            slope = HEIGHT_M  # flattest line of sight over those ahead: metres that it falls per metre
            beside: list[tuple[float, float]] = []  # backs of those who may still be beside, with their lines of sight
            for distance_m, body in sorted(bodies, key=_by_distance):
                key = (approach, body.token)
                luck, chance = uniform[row]
                place, pace = normal[row]
                row += 1
                share = figures.miss(distance_m)
                before = self._missed.get(key)
                if before is None:
                    missed[key] = luck < share
                elif before:
                    missed[key] = luck >= 1.0 / figures.miss_s
                else:
                    missed[key] = luck < share / (figures.miss_s * (1.0 - share))
                if beside:
                    slope = min([slope, *(line for back_m, line in beside if back_m <= distance_m)])
                    beside = [one for one in beside if one[0] > distance_m]
                hidden_m = HEIGHT_M - slope * (SETBACK_M + distance_m + 0.4 * body.length_m)
                visible = 1.0 - max(0.0, hidden_m) / body.height_m
                if body.length_m > _NARROW_M:
                    back_m = distance_m + body.length_m
                    beside.append((back_m, (HEIGHT_M - body.height_m) / (SETBACK_M + back_m)))
                if missed[key] or (visible < 0.6 and chance > self._seen_share(visible)):
                    continue
                found[key] = Found(
                    body,
                    distance_m + place * figures.position_noise_m(distance_m),
                    max(
                        0.0, body.speed_mps * (1.0 + pace * figures.speed_noise_share) + pace * figures.speed_noise_mps
                    ),
                )
        self._missed = missed
        return found

    def _seen_share(self, visible: float) -> float:
        """Chance to find a body in a second of which a share is visible, as the virtual camera's detector does."""
        once = 1.0 / (1.0 + math.exp((HALF_SEEN_SHARE - visible) / SHARE_SLOPE))
        return 1.0 - (1.0 - once) ** self._figures.looks_per_s


def _by_distance(one: tuple[float, Body]) -> float:
    return one[0]
