"""Kernels that decide who belongs to an approach, in which lane, and when each front crossed the line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

_LANE_HYSTERESIS_M = 0.35  # a rider between two lanes stays in the one that was taken first
_ENTER_M = 0.5  # a front this far upstream has not crossed yet; between here and the line jitter decides nothing
_BESIDE_M = 3.0  # a member that strays further than this beside the carriageway, upstream of the line, has left it
_JOIN_M = 20.0  # a track that is confirmed only beyond the line still joins here; well before _GONE_M, so that nobody
# who has left comes back by jitter and is told of twice
_GONE_M = 35.0  # a member so far beyond the line has left the junction
_BEHIND_VIEW_M = 20.0  # a track joins up to so far behind the view that its camera sees well
_BORN_AHEAD_MPS = 1.5  # a new track ahead of the line belongs to the approach only if it stands in the crowd there

_MEMBER, _LANE, _BORN_X, _T, _X, _V, _UPSTREAM, _CROSSED_S, _CROSSED_V, _CROSSED_SD, _CROSSED_UNSEEN = range(11)
"""Columns of the memory."""
X_M, Y_M, SPEED, SIDEWAYS, SD, BORN, AT_S, AT_MPS, AT_SD, AT_UNSEEN = range(10)
"""Rows of the figures."""


@kernel("i8(f8, i8, f8[::1])")
def lane_of(y_m: float, before: int, edges_m: Floats) -> int:
    """Lane of a position, with hysteresis.

    Args:
        y_m: from the kerb.
        before: index of the lane so far, -1 for none.
        edges_m: ``(lanes + 1,)`` edges of the lanes from the kerb.

    Returns:
        Index of the lane from the kerb; beside the carriageway the nearest lane.
    """
    if before >= 0 and edges_m[before] - _LANE_HYSTERESIS_M < y_m < edges_m[before + 1] + _LANE_HYSTERESIS_M:
        return before
    lane = 0
    while lane < len(edges_m) - 2 and not y_m < edges_m[lane + 1]:
        lane += 1
    return lane


@kernel("UniTuple(f8, 2)(f8, f8, f8, f8, f8, f8)")
def interpolate(t0: float, x0: float, v0: float, t1: float, x1: float, v1: float) -> tuple[float, float]:
    """When and how fast the front passed x = 0 between two frames: root of the cubic through both states.

    Args:
        t0: earlier time.
        x0: place then, not negative.
        v0: downstream speed then.
        t1: later time.
        x1: place then, negative.
        v1: downstream speed then.

    Returns:
        Time and mean speed of the step at the crossing.
    """
    dt = t1 - t0
    low, high = 0.0, 1.0
    for _ in range(30):
        s = 0.5 * (low + high)
        # cubic Hermite; dx/dt is minus the downstream speed
        x = (
            (1 + 2 * s) * (1 - s) ** 2 * x0
            - s * (1 - s) ** 2 * dt * v0
            + s * s * (3 - 2 * s) * x1
            - s * s * (s - 1) * dt * v1
        )
        if x >= 0.0:
            low = s
        else:
            high = s
    return t0 + low * dt, max((1 - low) * v0 + low * v1, 0.0)


@kernel(
    "void(f8, f8[:, ::1], f8[:, ::1], f8[:, :, ::1], i1[::1], f8[::1], f8[:, ::1], f8[::1], f8[::1], f8[::1],"
    " f8, f8, f8, f8, i8, f8[:, ::1], f8[:, ::1], i8[::1], b1[::1])"
)
def place(
    time_s: float,
    ground_m: Floats,
    velocity_mps: Floats,
    covariance: Floats,
    classes: NDArray[np.int8],
    born_s: Floats,
    born_m: Floats,
    unseen_s: Floats,
    way: Floats,
    edges_m: Floats,
    conflict_m: float,
    far_m: float,
    length_m: float,
    kerb_margin_m: float,
    pedestrian: int,
    memory: Floats,
    figures: Floats,
    lanes: NDArray[np.int64],
    here: NDArray[np.bool_],
) -> None:
    """Decides who belongs to the approach, in which lane, and notes who crosses the line.

    Args:
        time_s: capture time.
        ground_m: ``(n, 2)`` seen points.
        velocity_mps: ``(n, 2)``.
        covariance: ``(n, 4, 4)`` of place and velocity.
        classes: ``(n,)``.
        born_s: ``(n,)`` time of the first detection.
        born_m: ``(n, 2)`` its ground point.
        unseen_s: ``(n,)`` seconds since the last detection.
        way: ``(2,)`` unit vector of travel.
        edges_m: ``(lanes + 1,)`` edges of the lanes from the kerb.
        conflict_m: depth of the area between the line and the conflict area.
        far_m: farthest x that the camera sees well.
        length_m: of the approach: nobody farther upstream is on it, though other roads cross its prolongation there.
        kerb_margin_m: so far beside the lanes is still on the road.
        pedestrian: code of the class.
        memory: ``(n, 11)`` what was known before; brought up to this frame.
        figures: ``(10, n)`` the first two rows are the fronts (`fronts`), the others output, as named above.
        lanes: ``(n,)`` output.
        here: ``(n,)`` output: on this approach and no pedestrian.
    """
    for i in range(len(ground_m)):
        m = memory[i]
        x, y = figures[X_M, i], figures[Y_M, i]
        vx, vy, p = velocity_mps[i, 0], velocity_mps[i, 1], covariance[i]
        speed, sideways = vx * way[0] + vy * way[1], vy * way[0] - vx * way[1]
        sd = np.sqrt(way[0] * way[0] * p[0, 0] + 2.0 * way[0] * way[1] * p[0, 1] + way[1] * way[1] * p[1, 1])
        if np.isnan(m[_T]):
            # a candidate may have crossed the line before it was confirmed: its first detection stands for the frame
            # before
            since_x, since_y = ground_m[i, 0] - born_m[i, 0], ground_m[i, 1] - born_m[i, 1]
            m[_BORN_X] = x + since_x * way[0] + since_y * way[1]
            m[_T], m[_X], m[_V] = born_s[i], m[_BORN_X], speed
            m[_UPSTREAM] = m[_BORN_X] > 0.0
        if m[_MEMBER]:
            beside = y < -_BESIDE_M or y > edges_m[-1] + _BESIDE_M
            m[_MEMBER] = -_GONE_M < x <= length_m and not (beside and x > 0.0)
        else:
            on_road = -kerb_margin_m < y < edges_m[-1] + kerb_margin_m
            stands = np.abs(speed) < _BORN_AHEAD_MPS and np.abs(sideways) < _BORN_AHEAD_MPS
            came = x > 0.0 or m[_BORN_X] > 0.0 or (x > -conflict_m and stands)
            m[_MEMBER] = on_road and -_JOIN_M < x <= min(far_m + _BEHIND_VIEW_M, length_m) and came
        if x >= 0.0 or m[_LANE] < 0.0:
            m[_LANE] = lane_of(y, int(m[_LANE]), edges_m)
        if x > _ENTER_M:
            m[_UPSTREAM] = 1.0
            m[_CROSSED_S] = np.nan  # going back upstream by more than jitter takes the crossing back
        elif x < 0.0 and m[_UPSTREAM]:
            m[_CROSSED_S], m[_CROSSED_V] = interpolate(m[_T], m[_X], m[_V], time_s, x, speed)
            m[_CROSSED_SD] = sd / max(m[_CROSSED_V], 0.5)
            m[_CROSSED_UNSEEN] = unseen_s[i]
            m[_UPSTREAM] = 0.0
        m[_T], m[_X], m[_V] = time_s, x, speed
        figures[SPEED, i], figures[SIDEWAYS, i], figures[SD, i] = speed, sideways, sd
        figures[BORN, i], figures[AT_S, i], figures[AT_MPS, i] = m[_BORN_X], m[_CROSSED_S], m[_CROSSED_V]
        figures[AT_SD, i], figures[AT_UNSEEN, i] = m[_CROSSED_SD], m[_CROSSED_UNSEEN]
        lanes[i] = int(m[_LANE])
        here[i] = m[_MEMBER] > 0.0 and classes[i] != pedestrian
