"""The reader with its real weights: plates are read, everything else is unreadable and never a guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from nutgiao.edge.plates.colour import plate_colour
from nutgiao.edge.plates.finder import TextFinder
from nutgiao.edge.plates.reader import as_bgr
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.contracts.plates import PlateColour, Unreadable
from tests.support.plates import BACKGROUNDS, drawn, labelled_crops, picture, plate_reader


def test_most_crops_are_read_and_none_is_read_wrongly(street_data: Callable[[str], Path]) -> None:
    answers = [
        (plate_reader().read_crop(picture(path)).reading.text, text) for path, text in labelled_crops(street_data)[::8]
    ]
    assert [pair for pair in answers if pair[0] not in (None, pair[1])] == []
    assert sum(pair[0] is not None for pair in answers) >= len(answers) - 1


def test_a_plate_with_a_letter_of_electric_motorcycles_is_read() -> None:
    reading = plate_reader().read_crop(drawn(("29-MĐ", "123.45"))).reading
    assert (reading.text, reading.shown, reading.lines) == ("29MĐ12345", "29-MĐ 123.45", 2)


def test_a_plain_d_gets_no_stroke() -> None:
    assert plate_reader().read_crop(drawn(("29-MD", "123.45"))).reading.text == "29MD12345"


@pytest.mark.parametrize("background", list(BACKGROUNDS))
def test_the_background_s_colour_is_told(background: str) -> None:
    seen = plate_reader().read_crop(drawn(("30A-123.45",), background))
    assert seen.reading.text == "30A12345"
    assert seen.reading.colour is PlateColour(background)


def test_a_dark_patch_has_no_colour() -> None:
    assert plate_colour(np.full((20, 80, 3), 20, np.uint8)) is PlateColour.UNKNOWN


@pytest.mark.parametrize(
    "rows",
    [("GIẢM GIÁ 50%",), ("0912345678",), ("HOTLINE", "19001234"), ("CAFE",), ("13A-123.45",), ("TAXI", "38.38.38")],
)
def test_an_advertisement_is_no_plate(rows: tuple[str, ...]) -> None:
    reading = plate_reader().read_crop(drawn(rows)).reading
    assert reading.text is None
    assert reading.shown is None
    assert reading.reason is not None


def test_a_plate_that_loses_its_last_digit_is_not_read_as_an_old_one() -> None:
    plate = drawn(("30A-123.45",))
    cut = plate[:, : plate.shape[1] - 62]
    assert plate_reader().read_crop(cut).reading.text is None


def test_a_plate_at_the_edge_of_the_picture_is_cut() -> None:
    plate = drawn(("29-B1", "256.62"))
    scene = np.full((400, 600, 3), 90, np.uint8)
    scene[100 : 100 + plate.shape[0], 200 : 200 + plate.shape[1]] = plate
    [whole] = plate_reader().read_picture(scene)
    assert whole.reading.text == "29B125662"
    assert 200 < whole.lines[0].x_px < 200 + plate.shape[1]
    edge = scene[:, 200 + 18 :]
    assert [seen.reading.text for seen in plate_reader().read_picture(edge)] in ([None], [])


def test_a_plate_is_read_in_grey_and_with_transparency() -> None:
    plate = drawn(("51F-789.04",))
    grey = np.asarray(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), np.uint8)
    clear = np.asarray(cv2.cvtColor(plate, cv2.COLOR_BGR2BGRA), np.uint8)
    assert {plate_reader().read_crop(image).reading.text for image in (plate, grey, clear)} == {"51F78904"}


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 50, 3), (1, 1, 3), (1, 1), (7, 300, 3), (40, 20_000, 3)])
def test_pictures_of_odd_sizes_are_unreadable(shape: tuple[int, ...]) -> None:
    picture = np.full(shape, 128, np.uint8)
    assert plate_reader().read_crop(picture).reading.reason in (Unreadable.TOO_SMALL, Unreadable.NO_PLATE)
    assert plate_reader().read_picture(picture) == []


def test_noise_is_unreadable() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (120, 160, 3), np.uint8)
    assert plate_reader().read_crop(noise).reading.text is None


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bits"):
        as_bgr(np.zeros((10, 10, 3)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="channels"):
        as_bgr(np.zeros((10, 10, 2), np.uint8))


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(ModelUnavailable, match="models verify"):
        TextFinder(path)


def test_motorcycles_in_a_whole_picture_are_read(street_data: Callable[[str], Path]) -> None:
    seen = plate_reader().read_picture(picture(street_data("plates_scene/101.jpg")))
    assert {plate.reading.text for plate in seen} - {None} == {"29B125662", "30L90860"}
