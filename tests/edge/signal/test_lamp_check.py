"""The strip of a clip's signal heads: it shows the lamps, and nobody who happens to stand near them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from nutgiao.edge.evidence.blur import PERSON_BLOCKS
from nutgiao.edge.signal.lamp_check import CAPTION_PX, GAP_PX, TILE_PX, LampCheck
from nutgiao.models.contracts.site_lamps import LampBox

HEAD = LampBox(
    signal_group="g1", red_px=(100, 60, 120, 80), amber_px=(100, 85, 120, 105), green_px=(100, 110, 120, 130)
)


def a_crowd() -> np.ndarray:
    """A picture full of detail: stripes as fine as eyes and mouths."""
    picture = np.full((200, 240, 3), 60, np.uint8)
    picture[::4] = picture[1::4] = picture[:, ::4] = 130
    return picture


def with_red_lamp(picture: np.ndarray) -> np.ndarray:
    picture[56:134, 96:124] = 30
    return cv2.circle(picture, (110, 70), 7, (30, 20, 220), -1)


def tile(picture: np.ndarray) -> np.ndarray:
    check = LampCheck([HEAD], (1.0, 1.0))
    for k in range(8):
        check.take(picture, k / 5.0)
    strip = check.strip()
    assert strip is not None
    assert strip.shape[0] == TILE_PX + CAPTION_PX + GAP_PX
    return strip[:TILE_PX, :TILE_PX]


def looks(row: np.ndarray) -> int:
    """How many different parts a row of pixels has."""
    return 1 + int((np.abs(np.diff(row.astype(int), axis=0)).sum(axis=1) > 0).sum())


@pytest.mark.parametrize("beside", [0, 2])
def test_what_lies_round_the_head_is_as_coarse_as_people_in_exports(beside: int) -> None:
    shown = tile(with_red_lamp(a_crowd()))
    assert looks(shown[beside]) <= PERSON_BLOCKS
    assert looks(shown[:, beside]) <= PERSON_BLOCKS


def test_a_face_in_a_box_itself_is_as_coarse_too() -> None:
    shown = tile(a_crowd())
    frame = np.argwhere((shown == 255).all(axis=2))  # the white frames of the boxes
    top, left = frame.min(axis=0)
    # the red box is the uppermost; its inside runs from one white line to the next
    right = left + 1 + int(np.argmax((shown[top + 3, left + 1 :] == 255).all(axis=1)))
    assert right - left > 15
    assert looks(shown[top + 3, left + 1 : right]) <= PERSON_BLOCKS


def test_the_lamp_that_glows_can_still_be_seen() -> None:
    shown = tile(with_red_lamp(a_crowd())).astype(int)
    red = (shown[..., 2] > 150) & (shown[..., 1] < 60)
    rows, columns = np.nonzero(red)
    assert len(rows) > 100
    # in the upper middle, where the box is, and not stretched over the picture
    assert TILE_PX * 0.1 < rows.mean() < TILE_PX * 0.5
    assert np.ptp(columns) < TILE_PX * 0.3
