"""Kernels about who hides whom and who is gone: in a dense queue seen from ahead, most boxes lack their lower edge.

A nearer vehicle stands lower in the picture. A box whose bottom lies on a nearer box is cut there, and its bottom is no
ground point; a track that is not detected where nearer boxes cover its place is hidden, not gone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]

_LOWER_PX = 3.0  # a box that is nearer reaches at least this much further down
_RIM_PX = 3.0
_ACROSS, _DOWN = 5, 6  # points at which a box is tested


@kernel("void(f4[:, ::1], b1[::1])")
def cut_bottoms(boxes_px: NDArray[np.float32], cut: NDArray[np.bool_]) -> None:
    """Which boxes stand on a nearer box instead of on the ground.

    Args:
        boxes_px: ``(n, 4)`` left, top, right, bottom.
        cut: ``(n,)`` output: at least two of five points on the bottom edge lie in a nearer box.
    """
    for i in range(len(boxes_px)):
        left, right, bottom = boxes_px[i, 0], boxes_px[i, 2], boxes_px[i, 3]
        inside = 0
        for k in range(_ACROSS):
            u = left + (k + 0.5) / _ACROSS * (right - left)
            for j in range(len(boxes_px)):
                if (
                    boxes_px[j, 3] > bottom + _LOWER_PX
                    and boxes_px[j, 1] < bottom + 1.0
                    and boxes_px[j, 0] < u < boxes_px[j, 2]
                ):
                    inside += 1
                    break
        cut[i] = inside >= 2


@kernel("void(f4[:, ::1], f4[:, ::1], f8, f8, f8[::1])")
def visible_share(
    boxes_px: NDArray[np.float32],
    nearer_px: NDArray[np.float32],
    width_px: float,
    height_px: float,
    share: NDArray[np.float64],
) -> None:
    """How much of each box no nearer box and no rim of the picture hides.

    Args:
        boxes_px: ``(n, 4)`` where undetected vehicles should be.
        nearer_px: ``(m, 4)`` boxes that may hide them; only those that reach further down do.
        width_px: width of the picture.
        height_px: height of the picture.
        share: ``(n,)`` output, 0..1.
    """
    for i in range(len(boxes_px)):
        left, top, right, bottom = boxes_px[i, 0], boxes_px[i, 1], boxes_px[i, 2], boxes_px[i, 3]
        free = 0
        for row in range(_DOWN):
            v = top + (row + 0.5) / _DOWN * (bottom - top)
            for column in range(_ACROSS):
                u = left + (column + 0.5) / _ACROSS * (right - left)
                hidden = u < 0.0 or v < 0.0 or u > width_px or v > height_px
                for j in range(len(nearer_px)):
                    if hidden:
                        break
                    hidden = (
                        nearer_px[j, 3] > bottom + _LOWER_PX
                        and nearer_px[j, 0] < u < nearer_px[j, 2]
                        and nearer_px[j, 1] < v < nearer_px[j, 3]
                    )
                if not hidden:
                    free += 1
        share[i] = free / (_ACROSS * _DOWN)


@kernel("void(f4[:, ::1], f8, f8, b1[::1])")
def off_rim(boxes_px: NDArray[np.float32], width_px: float, height_px: float, whole: NDArray[np.bool_]) -> None:
    """Which boxes the rim of the picture leaves whole: a cut one tells no place.

    Args:
        boxes_px: ``(n, 4)`` left, top, right, bottom.
        width_px: width of the picture.
        height_px: height of the picture.
        whole: ``(n,)`` output: off the left, right and lower rim.
    """
    for i in range(len(boxes_px)):
        left, right, bottom = boxes_px[i, 0], boxes_px[i, 2], boxes_px[i, 3]
        whole[i] = left > _RIM_PX and right < width_px - _RIM_PX and bottom < height_px - _RIM_PX


@kernel("void(f8[::1], f8[:, ::1], f8[:, ::1], f4[::1], f8[::1])")
def follow_box(
    state: Floats, to_ground: Floats, to_image: Floats, box_px: NDArray[np.float32], foot_px: Floats
) -> None:
    """Moves the box of an unseen track to where it should be now, growing as it comes nearer; in place.

    Args:
        state: ``(4,)`` x, y, vx, vy.
        to_ground: ``(3, 3)`` the camera's map.
        to_image: ``(3, 3)`` its inverse.
        box_px: ``(4,)`` left as it is behind the camera.
        foot_px: ``(2,)`` middle of its lower edge.
    """
    h, g = to_image, to_ground
    w = h[2, 0] * state[0] + h[2, 1] * state[1] + h[2, 2]
    if w <= 1e-9:
        return
    u = (h[0, 0] * state[0] + h[0, 1] * state[1] + h[0, 2]) / w
    v = (h[1, 0] * state[0] + h[1, 1] * state[1] + h[1, 2]) / w
    horizon = -(g[2, 0] * u + g[2, 2]) / g[2, 1]
    scale = (v - horizon) / max(foot_px[1] - horizon, 1.0)
    width = (np.float64(box_px[2]) - np.float64(box_px[0])) * scale
    height = (np.float64(box_px[3]) - np.float64(box_px[1])) * scale
    box_px[0], box_px[1], box_px[2], box_px[3] = u - width / 2, v - height, u + width / 2, v
    foot_px[0], foot_px[1] = u, v


@kernel(
    "i8(f8, f4[:, ::1], f8, f8, f8[:, ::1], f8[:, ::1], f8, f8, f8, f8, f8,"
    " f8[:, ::1], f8[:, :, ::1], i8[::1], f8[::1], f4[:, ::1], f8[:, ::1], f8[::1], b1[::1])"
)
def coast(
    time_s: float,
    detected_px: NDArray[np.float32],
    width_px: float,
    height_px: float,
    to_ground: Floats,
    to_image: Floats,
    hidden_share: float,
    hidden_mps: float,
    hide_s: float,
    coast_s: float,
    lost_sd_m: float,
    state: Floats,
    covariance: Floats,
    misses: NDArray[np.int64],
    seen_s: Floats,
    boxes_px: NDArray[np.float32],
    foot_px: Floats,
    hidden_s: Floats,
    alive: NDArray[np.bool_],
) -> int:
    """Moves unseen tracks along, and ends those that could be seen for too long or have left the picture.

    What was detected hides, and so does who is hidden by that; a track that should be seen hides nobody.

    Args:
        time_s: capture time.
        detected_px: ``(m, 4)`` boxes of this frame.
        width_px: width of the picture.
        height_px: height of the picture.
        to_ground: ``(3, 3)`` the camera's map.
        to_image: ``(3, 3)`` its inverse.
        hidden_share: see `TrackerSettings`, as are the next four.
        hidden_mps: there.
        hide_s: there.
        coast_s: there.
        lost_sd_m: there.
        state: ``(n, 4)`` this and the following are the columns of the pool.
        covariance: ``(n, 4, 4)``.
        misses: ``(n,)``.
        seen_s: ``(n,)``.
        boxes_px: ``(n, 4)`` moved along.
        foot_px: ``(n, 2)`` moved along.
        hidden_s: ``(n,)`` brought up to this frame.
        alive: ``(n,)`` output.

    Returns:
        How many have ended.
    """
    rows = np.empty(len(state), np.int64)
    n = 0
    for i in range(len(state)):
        alive[i] = True
        if misses[i] > 0:
            follow_box(state[i], to_ground, to_image, boxes_px[i], foot_px[i])
            rows[n] = i
            n += 1
    if n == 0:
        return 0
    m = len(detected_px)
    waiting, nearer, share = np.empty((n, 4), np.float32), np.empty((m + n, 4), np.float32), np.empty(n)
    for k in range(n):
        waiting[k, :] = boxes_px[rows[k], :]
    nearer[:m, :] = detected_px
    visible_share(waiting, detected_px, width_px, height_px, share)
    for k in range(n):
        if share[k] < hidden_share:
            nearer[m, :] = waiting[k, :]
            m += 1
    visible_share(waiting, nearer[:m], width_px, height_px, share)
    whole = np.empty(n, np.bool_)
    off_rim(waiting, width_px, height_px, whole)
    ended = 0
    for k in range(n):
        i = rows[k]
        if share[k] < hidden_share and np.hypot(state[i, 2], state[i, 3]) < hidden_mps:
            hidden_s[i] = time_s
            alive[i] = time_s - seen_s[i] <= hide_s
        else:
            alive[i] = time_s - max(seen_s[i], hidden_s[i]) <= coast_s
        lost = covariance[i, 0, 0] + covariance[i, 1, 1] > lost_sd_m * lost_sd_m
        if lost or not whole[k]:
            alive[i] = False
        if not alive[i]:
            ended += 1
    return ended
