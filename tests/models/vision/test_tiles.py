from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.site import Camera
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import Tiling, gather, tile_grid, untile


@given(
    width=st.integers(64, 4000),
    height=st.integers(64, 3000),
    columns=st.integers(1, 6),
    rows=st.integers(1, 6),
    overlap=st.floats(0.0, 0.6),
)
def test_tiles_cover_the_picture_and_stay_in_it(
    width: int, height: int, columns: int, rows: int, overlap: float
) -> None:
    tiles = tile_grid((width, height), columns, rows, overlap)
    assert len(tiles) == columns * rows
    seen = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in tiles:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        seen[top:bottom, left:right] = True
    assert seen.all()


def test_what_a_tile_cuts_is_left_to_the_neighbour() -> None:
    left, right = tile_grid((200, 100), 2, 1, 0.2)
    assert left[2] > right[0]
    cut = Detections(
        np.array([[left[2] - 20, 10, left[2], 50], [5, 5, 40, 40], [0, 0, 30, 30]], np.float32),
        np.ones(3, np.float32),
        np.zeros(3, np.int8),
    )
    whole = untile(cut, left, (200, 100))
    assert whole.boxes_px.tolist() == [[5, 5, 40, 40], [0, 0, 30, 30]]  # the picture's own edge cuts nothing
    shifted = untile(
        Detections(np.array([[10, 5, 40, 40]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int8)),
        right,
        (200, 100),
    )
    assert shifted.boxes_px[0, 0] == right[0] + 10
    assert len(gather([whole, shifted])) == 3
    assert len(gather([])) == 0


def test_no_tiles_is_no_grid() -> None:
    with pytest.raises(ValueError, match="tiles"):
        tile_grid((640, 480), 0, 1)


def test_a_site_names_the_parts_that_need_a_closer_look_in_pixels_of_its_calibrated_picture() -> None:
    camera = Camera(
        id="c",
        source="usb:0",
        width_px=640,
        height_px=480,
        approaches=("N",),
        ground_pairs=((0.0, 0.0, 0.0, 0.0),) * 4,
        tile_boxes_px=((0, 60, 320, 240),),
    )
    assert Tiling.of(camera).boxes((1280, 960)) == ((0, 120, 640, 480),)  # the camera streams in another size now
    both = msgspec.structs.replace(camera, tiles=(2, 1))
    assert len(Tiling.of(both).boxes((640, 480))) == 3
    assert Tiling().boxes((640, 480)) == ()
