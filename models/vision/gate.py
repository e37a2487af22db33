"""How much worse one detector is than another: average precision of road users, and the verdict an engine keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.vision.detections import Detections

LOSS_MAX = 0.01
"""An engine that loses more than one point of average precision does not go live."""

IOU_MIN = 0.5
SURE_SCORE = 0.5
"""From this score on a box of the parent is truth for its engine; a weaker one may be seen or not."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate found; it stays in the engine's card.

    Attributes:
        pictures_sha256: of the pictures that it was judged on.
        pictures: how many they were; none of them was used to make the engine.
        users: road users in them that the parent was sure of.
        agreement: average precision of the engine where the parent's sure boxes are the truth, 0..1; the parent has 1.
        labelled_users: road users in the labels beside the pictures; 0 without labels.
        before: average precision of the parent by the labels; None without labels.
        after: the same of the engine.
    """

    pictures_sha256: str
    pictures: int
    users: int
    agreement: float
    labelled_users: int = 0
    before: float | None = None
    after: float | None = None

    @property
    def loss(self) -> float:
        """The larger of the two losses, 0..1; negative if the engine is better by every measure there is."""
        by_labels = self.before - self.after if self.before is not None and self.after is not None else -1.0
        return max(1.0 - self.agreement, by_labels)

    @property
    def passed(self) -> bool:
        """True if the engine may go live."""
        return self.loss <= LOSS_MAX

    def __str__(self) -> str:
        labels = (
            "" if self.before is None or self.after is None else f", by labels {self.before:.3f} -> {self.after:.3f}"
        )
        return (
            f"{self.pictures} held-out pictures, {self.users} road users: average precision {self.agreement:.3f} "
            f"of the parent's 1.000{labels}"
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """What is in one picture.

    Attributes:
        boxes_px: ``(n, 4)`` left, top, right, bottom of road users that have to be found.
        may_px: ``(m, 4)`` boxes that count neither when found nor when missed.
    """

    boxes_px: NDArray[np.float32]
    may_px: NDArray[np.float32]


def truth_of_parent(users: Detections, faint: Detections) -> Truth:
    """The truth that a parent's answer is for its engine: what it is sure of, and what may be.

    Args:
        users: its road users.
        faint: its boxes below the threshold.
    """
    sure = users.scores >= SURE_SCORE
    return Truth(users.boxes_px[sure], np.concatenate([users.boxes_px[~sure], faint.boxes_px]))


def average_precision(truths: Sequence[Truth], found: Sequence[Detections]) -> float:
    """Area under precision over recall at IoU 0.5, classes not told apart.

    Source: Everingham et al. (2015), the PASCAL VOC challenge, section 4: boxes take truths in falling order of score,
    one each; boxes on what may be (there: "difficult") are left out; precision is made falling before it is summed.

    Args:
        truths: one of each picture.
        found: road users that were found in it.

    Returns:
        0..1; 1 if there was nothing to find and nothing was found.
    """
    total = sum(len(truth.boxes_px) for truth in truths)
    scores: list[float] = []
    right: list[bool] = []
    for truth, users in zip(truths, found, strict=True):
        overlaps = iou(users.boxes_px, truth.boxes_px)
        may = iou(users.boxes_px, truth.may_px).max(axis=1, initial=0.0) >= IOU_MIN
        taken = np.zeros(len(truth.boxes_px), np.bool_)
        for one in np.argsort(-users.scores, kind="stable"):
            free = np.where(taken, 0.0, overlaps[one])
            best = int(free.argmax()) if len(free) else -1
            hit = best >= 0 and free[best] >= IOU_MIN
            if hit:
                taken[best] = True
            elif may[one]:
                continue
            scores.append(float(users.scores[one]))
            right.append(bool(hit))
    if total == 0 or not scores:
        return float(total == 0 and not scores)
    order = np.argsort(-np.array(scores), kind="stable")
    hits = np.cumsum(np.array(right)[order])
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    steps = np.diff(np.concatenate([[0.0], hits / total]))
    return float(np.sum(precision * steps))


def iou(one_px: NDArray[np.float32], other_px: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union ``(n, m)`` of boxes ``(n, 4)`` and ``(m, 4)``."""
    one, other = one_px[:, None, :], other_px[None, :, :]
    width = np.minimum(one[..., 2], other[..., 2]) - np.maximum(one[..., 0], other[..., 0])
    depth = np.minimum(one[..., 3], other[..., 3]) - np.maximum(one[..., 1], other[..., 1])
    inter = np.clip(width, 0.0, None) * np.clip(depth, 0.0, None)
    area = (one[..., 2] - one[..., 0]) * (one[..., 3] - one[..., 1])
    other_area = (other[..., 2] - other[..., 0]) * (other[..., 3] - other[..., 1])
    return np.asarray(inter / np.maximum(area + other_area - inter, 1e-9), np.float32)
