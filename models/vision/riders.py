"""Joins a rider and a machine to one road user, also where the next row of a queue hides the machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASS_CODE, TWO_WHEELERS, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.yolo import suppress

RIDERS_MAX = 3
"""People on one machine; a fourth person nearby is somebody else."""

GHOST_INSIDE = 0.75
"""Share of a bare machine inside the lower part of a ridden one from which the two are one."""

PERSON_INSIDE = 0.85
"""The same for a person: a third box of the rider, or a child between the grown-ups."""

WITHIN = 0.8
"""Share of a machine or person inside a larger machine from which they are one road user. On 32 pictures of Giang Vo
half a box a picture was such a second one, and leaving them out lost no labelled rider."""

TORSO_INSIDE, TORSO_TOP, TORSO_WIDTH = 0.9, 0.08, 0.8
"""A second box of the same person, of head and trunk alone: so much of it lies inside the other, the tops are no
farther apart than this share of the larger one's height, and it is at least this share as wide. Who stands in front of
somebody, a child or a rider of the next row, has the head lower, and stays."""

HULL_IOU = 0.5
"""Two ridden machines that overlap more are one."""

LOWER_SHARE = 0.5
"""The part of a person's box, from below, that has to lie on the machine: legs and seat."""

OVERLAP_MIN = 0.3
"""Share of that lower part that the machine's box covers. On 90 frames of Giang Vo 73 % of 998 persons had a share
above 0.5 and 24 % one below 0.1; few lie between."""

HIDDEN_SHARE = 0.4
"""Share of a box's width that something nearer has to cover at its lower edge before the box counts as cut short."""


def join_riders(detections: Detections) -> Detections:
    """Makes one box of a rider and the machine under them.

    A person belongs to the two-wheeler that covers the largest share of the lower half of their box, if that is at
    least `OVERLAP_MIN`, their feet are not clearly below its wheels, and it is not much smaller or larger than they
    are. The joined box is the hull of both, has the machine's class, and the better score of the two.

    Args:
        detections: persons and machines as the network gave them, after suppression.

    Returns:
        Machines (with riders where there are any) and everything else in the old order, then persons on foot; second
        boxes of the same rider or machine are gone.
    """
    person_code = CLASS_CODE[VehicleClass.PEDESTRIAN]
    machine_codes = [CLASS_CODE[name] for name in TWO_WHEELERS]
    persons = np.flatnonzero(detections.classes == person_code)
    machines = np.flatnonzero(np.isin(detections.classes, machine_codes))
    if not len(persons) or not len(machines):
        return detections.select(~_torsos(detections, np.ones(len(detections), np.bool_)))
    fit = _fit(detections.boxes_px[persons], detections.boxes_px[machines])

    boxes, scores = detections.boxes_px.copy(), detections.scores.copy()
    seats = np.zeros(len(machines), np.intp)
    riding = np.zeros(len(detections), np.bool_)
    rows, columns = np.nonzero(fit >= OVERLAP_MIN)
    for at in np.argsort(-fit[rows, columns], kind="stable"):
        person, column = persons[rows[at]], columns[at]
        if riding[person] or seats[column] >= RIDERS_MAX:
            continue
        riding[person] = True
        seats[column] += 1
        machine = machines[column]
        boxes[machine, :2] = np.minimum(boxes[machine, :2], detections.boxes_px[person, :2])
        boxes[machine, 2:] = np.maximum(boxes[machine, 2:], detections.boxes_px[person, 2:])
        scores[machine] = max(scores[machine], detections.scores[person])
    keep = ~riding
    ridden = machines[seats > 0]
    # Tiles and the whole picture find the same machine twice, once with and once without its rider.
    bare = machines[seats == 0]
    keep[bare] = ~_inside(boxes[bare], boxes[ridden], GHOST_INSIDE, low=True)
    afoot = persons[~riding[persons]]
    keep[afoot] = ~_inside(boxes[afoot], boxes[ridden], PERSON_INSIDE, low=False)
    best = ridden[np.argsort(-scores[ridden], kind="stable")]
    same = np.setdiff1d(best, best[suppress(boxes[best], scores[best], np.zeros(len(best), np.int8), HULL_IOU)])
    keep[same] = False
    keep &= ~_within(boxes, detections.classes, keep)
    keep &= ~_torsos(detections, keep)
    rest = np.flatnonzero(keep)
    order = rest[np.argsort(detections.classes[rest] == person_code, kind="stable")]
    return Detections(boxes, scores, detections.classes).select(order)


def _within(boxes: NDArray[np.float32], classes: NDArray[np.int8], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``(n,)`` True for machines and persons of which a larger machine covers at least the share `WITHIN`."""
    machine = np.isin(classes, [CLASS_CODE[name] for name in TWO_WHEELERS])
    small = machine | (classes == CLASS_CODE[VehicleClass.PEDESTRIAN])
    one, other = boxes[:, None, :], boxes[None, :, :]
    width = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    depth = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    covered = np.clip(width, 0.0, None) * np.clip(depth, 0.0, None) >= WITHIN * np.maximum(area, 1e-9)[:, None]
    covered &= (alive & machine)[None, :] & small[:, None] & (area[None, :] > area[:, None])
    return np.asarray(covered.any(axis=1))


def _torsos(detections: Detections, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``(n,)`` True for persons who are the upper part of another one; both of them alive."""
    boxes = detections.boxes_px
    person = alive & (detections.classes == CLASS_CODE[VehicleClass.PEDESTRIAN])
    one, other = boxes[:, None, :], boxes[None, :, :]
    size, whole = one[..., 2:] - one[..., :2], other[..., 2:] - other[..., :2]
    shared = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    torso = np.clip(shared, 0.0, None).prod(axis=2) >= TORSO_INSIDE * size.prod(axis=2)
    torso &= np.abs(one[..., 1] - other[..., 1]) <= TORSO_TOP * whole[..., 1]
    torso &= (size[..., 0] >= TORSO_WIDTH * whole[..., 0]) & (size[..., 1] < whole[..., 1])
    return np.asarray((torso & person[:, None] & person[None, :]).any(axis=1))


def _inside(small: NDArray[np.float32], large: NDArray[np.float32], share: float, *, low: bool) -> NDArray[np.bool_]:
    """``(s,)`` True where at least that share of a small box lies in a large one, if `low` at its foot."""
    one, other = small[:, None, :], large[None, :, :]
    width = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    depth = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    area = np.maximum((one[..., 2] - one[..., 0]) * (one[..., 3] - one[..., 1]), 1e-9)
    inside = np.clip(width, 0.0, None) * np.clip(depth, 0.0, None) >= share * area
    if low:
        inside &= one[..., 3] >= other[..., 3] - 0.3 * (other[..., 3] - other[..., 1])
    return np.asarray(inside.any(axis=1))


def _fit(persons: NDArray[np.float32], machines: NDArray[np.float32]) -> NDArray[np.float64]:
    """Share ``(p, m)`` of each person's lower part that each machine covers; 0 where the two cannot belong together."""
    person, machine = persons[:, None, :].astype(np.float64), machines[None, :, :].astype(np.float64)
    height = person[..., 3] - person[..., 1]
    lower_top = person[..., 3] - LOWER_SHARE * height
    width = np.minimum(person[..., 2], machine[..., 2]) - np.maximum(person[..., 0], machine[..., 0])
    depth = np.minimum(person[..., 3], machine[..., 3]) - np.maximum(lower_top, machine[..., 1])
    lower = np.maximum((person[..., 2] - person[..., 0]) * LOWER_SHARE * height, 1e-9)
    share = np.clip(width, 0.0, None) * np.clip(depth, 0.0, None) / lower
    machine_height = machine[..., 3] - machine[..., 1]
    # Feet on pegs are above the tyres; 15 % of the person's height is the jitter of the two boxes.
    feet_on_it = person[..., 3] <= machine[..., 3] + 0.15 * height
    # A machine seen from behind is about as high as its rider's legs and seat, from the side a little higher.
    same_size = (machine_height >= 0.35 * height) & (machine_height <= 2.0 * height)
    return np.where(feet_on_it & same_size, share, 0.0)


def hidden_below(detections: Detections) -> NDArray[np.bool_]:
    """Whether something nearer to the camera covers the lower edge of a box, so that feet or wheels cannot be seen.

    Of two boxes on a flat ground the one that ends lower is nearer.

    Args:
        detections: road users, riders joined.

    Returns:
        ``(n,)`` bool.
    """
    boxes = detections.boxes_px
    width = np.maximum(boxes[:, 2] - boxes[:, 0], 1e-6)
    left = np.maximum(boxes[:, None, 0], boxes[None, :, 0])
    right = np.minimum(boxes[:, None, 2], boxes[None, :, 2])
    lower = boxes[:, None, 3]
    margin = 0.1 * (boxes[:, 3] - boxes[:, 1])[:, None]
    nearer = (boxes[None, :, 3] > lower + margin) & (boxes[None, :, 1] < lower)
    return np.asarray((nearer & (right - left >= HIDDEN_SHARE * width[:, None])).any(axis=1))


def presume_riders(detections: Detections, in_queue: NDArray[np.bool_]) -> Detections:
    """Calls people riders where only riders can be.

    In a dense queue the network sees helmets and backs; the machines are hidden by the next row, and a rider without a
    machine looks like a pedestrian.

    Args:
        detections: road users, riders joined.
        in_queue: ``(n,)`` True where a person can only be a rider.

    Returns:
        The same boxes, some classes changed.
    """
    on_foot = detections.classes == CLASS_CODE[VehicleClass.PEDESTRIAN]
    motorcycle = CLASS_CODE[VehicleClass.MOTORCYCLE]
    classes = np.where(on_foot & in_queue, motorcycle, detections.classes).astype(np.int8)
    return Detections(detections.boxes_px, detections.scores, classes)
