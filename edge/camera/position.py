"""Does a camera still look where it looked? Finds how far its background lies beside a kept one, despite traffic."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

WIDTH_PX = 320
"""Pictures are compared at this width: half a pixel there is 2.5 pixels of a picture 1600 wide."""
SHAPE_PX = 7.0
"""Shapes larger than about this, in reduced pixels, are taken for light and left out."""
FAINT = 4.0
"""Grey levels of local contrast below which a shape counts for little: noise and compression make as much."""
FEW_BLOCKS = 8
SHAPED = 0.3
"""Spread of a block from which it has a shape that can be found again; with fewer such blocks a picture is no ground
for saying that a camera has moved: fog, or a street without lamps."""
BLOCK_PX = 48
REACH_PX = 24
"""Blocks are looked for so far away: 7.5 % of the picture's width."""
NEAR_PX = 1
"""A block whose best place is so near has stayed."""
LIKE = 0.6
"""Correlation from which two blocks show the same thing; blocks of unlike streets rarely pass 0.5."""
FIT_PX = 1.0
"""Blocks agree on a movement when they lie so near to where it puts them."""
VOTES = 4
AGREE = 0.15
"""So many blocks, and this share of all, that agree on a movement are no chance."""
ENOUGH = 1.0 / 3.0
"""Share of the blocks that have stayed from which no other movement is looked for: that costs ten times as much."""
FAR_LIKE = 0.28
"""Correlation of all that two pictures share from which a jump farther than `REACH_PX` is believed; unlike streets
reach 0.21."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a background lies beside the kept one.

    Attributes:
        shift_px: how far the picture's corners have moved, the mean of the four, in reduced pixels; None if nothing of
            the kept one was found again.
        share: share of the kept blocks that say so.
    """

    shift_px: float | None
    share: float


NOWHERE = Place(None, 0.0)


@dataclass(frozen=True, slots=True)
class Background:
    """A background made ready for comparing.

    Attributes:
        grey: ``(h, 320)`` the reduced picture that it was made of.
        shapes: ``(h, 320)`` what stands out of its surroundings, in units of the contrast there: light and shade over
            the day change it little.
        corners: ``(n, 2)`` left and top of blocks that have a shape.
    """

    grey: Grey
    shapes: Floats
    corners: NDArray[np.intp]

    @staticmethod
    def of(grey: Grey) -> Background:
        """Makes one ready.

        Args:
            grey: ``(h, 320)`` reduced picture without moving traffic, at least a block high.
        """
        picture = grey.astype(np.float32)
        above = picture - cv2.GaussianBlur(picture, (0, 0), SHAPE_PX)
        spread = cv2.sqrt(cv2.GaussianBlur(above * above, (0, 0), SHAPE_PX))
        shapes = np.asarray(above / (spread + FAINT), np.float32)
        across, down = (
            np.linspace(0, n - BLOCK_PX, round(1.25 * n / BLOCK_PX)).astype(int) for n in shapes.shape[::-1]
        )
        corners = [
            (left, top)
            for top in down.tolist()
            for left in across.tolist()
            if shapes[top : top + BLOCK_PX, left : left + BLOCK_PX].std() > SHAPED
        ]
        return Background(grey, shapes, np.array(corners, np.intp).reshape(-1, 2))


def place(kept: Background, now: Background) -> Place:
    """Finds where a background lies beside a kept one of the same size.

    Blocks of the kept one are looked for around their old places. Those on the carriageway are often hidden, so blocks
    vote: for having stayed, or for the one movement (shift, turn and zoom) that most of them agree on.

    Args:
        kept: the background of the calibrated picture.
        now: the background of the last seconds.
    """
    total = max(len(kept.corners), 1)
    near = [shift for _, shift in _found(kept, now, NEAR_PX + 1) if np.hypot(*shift) <= NEAR_PX]
    stayed = len(near)
    here = Place(float(np.hypot(*np.mean(near, axis=0))), stayed / total) if near else NOWHERE
    if stayed >= max(VOTES, ENOUGH * total):
        return here
    found = _found(kept, now, REACH_PX)
    if len(found) >= VOTES:
        start = np.array([middle for middle, _ in found])
        end = start + np.array([shift for _, shift in found])
        movement, agree = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=FIT_PX)
        votes = int(agree.sum()) if movement is not None else 0
        if votes >= max(VOTES, AGREE * total) and votes > stayed:
            return Place(_corners_moved(np.asarray(movement, np.float64), kept.shapes.shape), votes / total)
    return here if stayed >= VOTES else _far(kept, now)


def _found(kept: Background, now: Background, reach: int) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Middle and shift of each block that is found again within `reach` reduced pixels."""
    framed = cv2.copyMakeBorder(now.shapes, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0.0)
    size, found = BLOCK_PX + 2 * reach, []
    for left, top in kept.corners.tolist():
        block = kept.shapes[top : top + BLOCK_PX, left : left + BLOCK_PX]
        likeness = cv2.matchTemplate(framed[top : top + size, left : left + size], block, cv2.TM_CCOEFF_NORMED)
        _, best, _, (x, y) = cv2.minMaxLoc(likeness)
        # At the rim the true place is farther away.
        if best >= LIKE and 0 < x < 2 * reach and 0 < y < 2 * reach:
            middle = np.array([left, top]) + BLOCK_PX / 2
            found.append((middle, np.array([x, y]) - reach + _between(np.asarray(likeness, np.float32), x, y)))
    return found


def _between(likeness: NDArray[np.float32], x: int, y: int) -> NDArray[np.float64]:
    """How far from its highest pixel a peak's top lies: parabolas through that pixel and its neighbours."""
    here = float(likeness[y, x])
    sides = ((likeness[y, x - 1], likeness[y, x + 1]), (likeness[y - 1, x], likeness[y + 1, x]))
    return np.array([float(after - before) / (2.0 * (2.0 * here - before - after) + 1e-9) for before, after in sides])


def _corners_moved(movement: NDArray[np.float64], shape: tuple[int, ...]) -> float:
    height, width = shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float64)
    return float(np.hypot(*(corners @ movement[:, :2].T + movement[:, 2] - corners).T).mean())


def _far(kept: Background, now: Background) -> Place:
    """Tries a jump farther than blocks are looked for: one shift of the whole picture."""
    height, width = kept.shapes.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (right, down), _ = cv2.phaseCorrelate(kept.shapes, now.shapes, window)
    x, y = round(right), round(down)
    if abs(x) > 0.6 * width or abs(y) > 0.6 * height:
        return NOWHERE
    before = kept.shapes[max(0, -y) : height - max(0, y), max(0, -x) : width - max(0, x)]
    after = now.shapes[max(0, y) : height - max(0, -y), max(0, x) : width - max(0, -x)]
    alike = float(cv2.matchTemplate(after, before, cv2.TM_CCOEFF_NORMED)[0, 0])
    return Place(float(np.hypot(right, down)), alike) if alike >= FAR_LIKE else NOWHERE
