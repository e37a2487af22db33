"""Kernel that takes one frame of boxes in: who is seen again, who is lost, who is new, who is believed from now on.

The table of tracks has room for more rows than it holds. Confirmed tracks come first, in the order of their numbers;
candidates follow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.track.boxes import SMALLEST_PX, begin, expect, learn_box
from nutgiao.edge.track.overlaps import pair_boxes, seen_twice
from nutgiao.edge.track.pairing import NONE, STRONG, WEAK
from nutgiao.models.jit import kernel

Floats = NDArray[np.float64]
Boxes = NDArray[np.float32]
Wholes = NDArray[np.int64]

SEEN_S, BORN_S, EVIDENCE = range(3)  # columns of `times`
CONFIRMED, ROWS, ISSUED, CHANGED = range(4)  # entries of `counts`


@kernel(
    "void(i8, i8, f8[:, :, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f4[:, ::1], f4[:, ::1], f4[::1], i1[::1],"
    " i8[:, ::1])",
)
def move_row(
    source: int,
    target: int,
    boxes: Floats,
    variances: Floats,
    times: Floats,
    votes: Floats,
    boxes_px: Boxes,
    last_px: Boxes,
    scores: NDArray[np.float32],
    classes: NDArray[np.int8],
    wholes: Wholes,
) -> None:
    """Copies one track onto another row of the table, in place.

    Args:
        source: row to copy.
        target: row that is overwritten.
        boxes: ``(rows, 4, 2)`` this and the following are the columns of the table, see `follow`.
        variances: ``(rows, 4, 3)``.
        times: ``(rows, 3)``.
        votes: ``(rows, classes)``.
        boxes_px: ``(rows, 4)``.
        last_px: ``(rows, 4)``.
        scores: ``(rows,)``.
        classes: ``(rows,)``.
        wholes: ``(rows, 3)``.
    """
    boxes[target, :, :] = boxes[source, :, :]
    variances[target, :, :] = variances[source, :, :]
    times[target, :] = times[source, :]
    votes[target, :] = votes[source, :]
    boxes_px[target, :], last_px[target, :] = boxes_px[source, :], last_px[source, :]
    scores[target], classes[target] = scores[source], classes[source]
    wholes[target, :] = wholes[source, :]


@kernel("f8(f8[:, ::1], f8, f8)")
def share_in_picture(box: Floats, width_px: float, height_px: float) -> float:
    """How much of a followed box lies inside the picture.

    Args:
        box: ``(4, 2)``.
        width_px: width of the picture.
        height_px: its height.

    Returns:
        0..1.
    """
    across = min(box[0, 0] + 0.5 * box[2, 0], width_px) - max(box[0, 0] - 0.5 * box[2, 0], 0.0)
    down = min(box[1, 0] + 0.5 * box[3, 0], height_px) - max(box[1, 0] - 0.5 * box[3, 0], 0.0)
    share: float = max(across, 0.0) * max(down, 0.0) / (box[2, 0] * box[3, 0])
    return share


@kernel(
    "void(f8, f8, f4[:, ::1], f4[::1], i1[::1], f8[::1], f8, f8, f8[:, :, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1],"
    " f4[:, ::1], f4[:, ::1], f4[::1], i1[::1], i8[:, ::1], i8[::1])"
)
def follow(  # noqa: PLR0912, PLR0915 - one frame from first to last, in the order in which things happen
    time_s: float,
    last_s: float,
    seen_px: Boxes,
    seen_scores: NDArray[np.float32],
    seen_classes: NDArray[np.int8],
    settings: Floats,
    width_px: float,
    height_px: float,
    boxes: Floats,
    variances: Floats,
    times: Floats,
    votes: Floats,
    boxes_px: Boxes,
    last_px: Boxes,
    scores: NDArray[np.float32],
    classes: NDArray[np.int8],
    wholes: Wholes,
    counts: Wholes,
) -> None:
    """Takes one frame in.

    Args:
        time_s: capture time, in seconds from any zero.
        last_s: that of the last frame; with the first its own.
        seen_px: ``(m, 4)`` detected boxes: left, top, right, bottom.
        seen_scores: ``(m,)``.
        seen_classes: ``(m,)`` class codes.
        settings: fields of `nutgiao.edge.track.settings.PictureSettings` in their order.
        width_px: width of the picture.
        height_px: its height.
        boxes: ``(rows, 4, 2)`` filters, see `nutgiao.edge.track.boxes`; this and the following have room for at least
            m more rows than are in use.
        variances: ``(rows, 4, 3)``.
        times: ``(rows, 3)`` last and first detection, sum of the scores.
        votes: ``(rows, classes)`` sum of the scores by class.
        boxes_px: ``(rows, 4)`` last detection; moved along while unseen.
        last_px: ``(rows, 4)`` last detection.
        scores: ``(rows,)`` of the last detection.
        classes: ``(rows,)`` the class with most votes.
        wholes: ``(rows, 3)`` number, 0 for a candidate; detections so far; frames in a row without one.
        counts: confirmed tracks, rows in use, numbers issued, brought up to date; whether the confirmed have changed.
    """
    high, low, new, same, margin = settings[0], settings[1], settings[2], settings[3], settings[4]
    least, least_weak, just_now_s = settings[5], settings[6], settings[7]
    evidence, patience_s, coast_s = settings[8], settings[9], settings[10]
    candidate_misses, rim = settings[11], settings[12]
    m, confirmed, n = len(seen_scores), counts[CONFIRMED], counts[ROWS]
    dt_s, counts[CHANGED] = time_s - last_s, 0
    grades, edges_px = np.empty(m, np.int8), np.empty((m, 4))
    for j in range(m):
        edges_px[j, :] = seen_px[j, :]
        for a in range(2):
            edges_px[j, a + 2] = max(edges_px[j, a + 2], edges_px[j, a] + SMALLEST_PX)
    order = np.argsort(edges_px[:, 0])
    for j in range(m):
        strong, weak = seen_scores[j] >= np.float32(high), seen_scores[j] >= np.float32(low)
        grades[j] = STRONG if strong else WEAK if weak else NONE
    column_of, rows, columns = np.full(n, -1, np.int64), np.empty(n, np.int64), np.empty(m, np.int64)
    for i in range(n):
        expect(dt_s, boxes[i], variances[i])

    # all tracks and the strong detections; then those seen just now and the weak
    for grade in (STRONG, WEAK):
        waiting, offered = 0, 0
        for i in range(n):
            just_now = times[i, SEEN_S] == last_s or times[i, SEEN_S] >= time_s - just_now_s
            if column_of[i] < 0 and (grade == STRONG or just_now):
                rows[waiting] = i
                waiting += 1
        for j in order:
            if grades[j] == grade:
                columns[offered] = j
                offered += 1
        if waiting > 0 and offered > 0:
            enough = least if grade == STRONG else least_weak
            pair_boxes(rows, waiting, columns, offered, boxes, edges_px, seen_scores, margin, enough, column_of)

    known, twice = np.zeros(m, np.bool_), np.empty(m, np.bool_)
    for i in range(n):
        j = column_of[i]
        if j < 0:
            continue
        known[j] = True
        hidden_s = time_s - times[i, SEEN_S] if times[i, SEEN_S] < last_s else 0.0
        learn_box(hidden_s, last_px[i], seen_px[j], boxes[i], variances[i])
        boxes_px[i, :] = last_px[i, :] = seen_px[j, :]
        scores[i] = seen_scores[j]
        votes[i, seen_classes[j]] += seen_scores[j]
        classes[i] = np.argmax(votes[i])
        times[i, SEEN_S] = time_s
        times[i, EVIDENCE] += seen_scores[j]
        wholes[i, 1] += 1
        wholes[i, 2] = 0

    # who was not seen goes along as expected, for a while
    kept, kept_confirmed = 0, 0
    for i in range(n):
        if column_of[i] < 0:
            for a in range(2):
                half = 0.5 * boxes[i, a + 2, 0]
                boxes_px[i, a], boxes_px[i, a + 2] = boxes[i, a, 0] - half, boxes[i, a, 0] + half
            wholes[i, 2] += 1
            over = time_s - times[i, SEEN_S] > coast_s if i < confirmed else wholes[i, 2] > candidate_misses
            if over or share_in_picture(boxes[i], width_px, height_px) < rim:
                counts[CHANGED] = 1
                continue
        if kept != i:
            move_row(i, kept, boxes, variances, times, votes, boxes_px, last_px, scores, classes, wholes)
        kept += 1
        if i < confirmed:
            kept_confirmed += 1
    n, confirmed = kept, kept_confirmed

    seen_twice(edges_px, order, same, known, twice)
    for j in range(m):
        if known[j] or twice[j] or grades[j] != STRONG or seen_scores[j] < np.float32(new):
            continue
        begin(seen_px[j], boxes[n], variances[n])
        boxes_px[n, :] = last_px[n, :] = seen_px[j, :]
        scores[n], classes[n] = seen_scores[j], seen_classes[j]
        votes[n, :] = 0.0
        votes[n, seen_classes[j]] = seen_scores[j]
        times[n, SEEN_S] = times[n, BORN_S] = time_s
        times[n, EVIDENCE] = seen_scores[j]
        wholes[n, 0], wholes[n, 1], wholes[n, 2] = 0, 1, 0
        n += 1

    # A candidate is believed once its scores suffice, unless waiting for one more frame still costs little. Who stands
    # in the first picture has been there before.
    for i in range(confirmed, n):
        late = times[i, EVIDENCE] >= evidence and time_s + dt_s - times[i, BORN_S] > patience_s
        if times[i, SEEN_S] < time_s or (dt_s > 0.0 and not late):
            continue
        counts[ISSUED] += 1
        wholes[i, 0] = counts[ISSUED]
        if i != confirmed:
            spare = n  # the row behind the last is free
            move_row(confirmed, spare, boxes, variances, times, votes, boxes_px, last_px, scores, classes, wholes)
            move_row(i, confirmed, boxes, variances, times, votes, boxes_px, last_px, scores, classes, wholes)
            move_row(spare, i, boxes, variances, times, votes, boxes_px, last_px, scores, classes, wholes)
        confirmed += 1
        counts[CHANGED] = 1
    counts[CONFIRMED], counts[ROWS] = confirmed, n
