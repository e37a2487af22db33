from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.video import open_source
from nutgiao.edge.signal.lamp import LampReader
from nutgiao.models.contracts.site import LampBox
from nutgiao.models.contracts.words import Indication

CLIP = "hn_giangvo_langha_6fps.mp4"
HEAD = LampBox(signal_group="g1", red_px=(10, 10, 30, 30), amber_px=(10, 35, 30, 55), green_px=(10, 60, 30, 80))


def head(red: bool = False, amber: bool = False, green: bool = False) -> np.ndarray:
    picture = np.full((100, 60, 3), 40, np.uint8)
    for lit, row, colour in ((red, 20, (30, 20, 220)), (amber, 45, (20, 170, 230)), (green, 70, (170, 180, 30))):
        if lit:
            cv2.circle(picture, (20, row), 6, colour, -1)
    return picture


def test_giang_vo_lamp_is_right_and_never_red_on_green(street_data: Callable[[str], Path]) -> None:
    truth = json.loads(street_data("redlight_truth/giangvo_dev.json").read_text())[CLIP]
    reader = LampReader(load_site("giangvo").cameras[0].lamps[0])
    shown = []
    with open_source(str(street_data(f"clips/{CLIP}")), "cam_south") as source:
        while (frame := source.read()) is not None:
            shown.append(reader.read(frame.image).indication)
    assert len(shown) == truth["frames"]
    right = known = 0
    for name, first, last in truth["phases"]:
        read = shown[first : last + 1]
        if name in ("red", "green"):
            known += len(read)
            right += sum(indication == name for indication in read)
        if name == "green":
            assert Indication.RED not in read
        if name.startswith("dark"):  # nobody can see the amber lamp: nothing is claimed, but for the frame of doubt
            assert read[1:] == [Indication.UNKNOWN] * (len(read) - 1)
    assert right / known >= 0.99


@pytest.mark.parametrize(
    ("picture", "shows"),
    [
        (head(red=True), Indication.RED),
        (head(amber=True), Indication.AMBER),
        (head(green=True), Indication.GREEN),
        (head(), Indication.UNKNOWN),
        (head(red=True, green=True), Indication.UNKNOWN),
    ],
)
def test_one_look(picture: np.ndarray, shows: Indication) -> None:
    reading = LampReader(HEAD).look(picture)
    assert reading.indication is shows
    assert (reading.confidence > 0.5) == (shows is not Indication.UNKNOWN)


def test_one_frame_of_a_red_shirt_changes_nothing_and_two_do() -> None:
    reader = LampReader(HEAD)
    assert reader.read(head(green=True)).indication is Indication.GREEN
    assert reader.read(head(red=True)).indication is Indication.GREEN
    assert reader.read(head(green=True)).indication is Indication.GREEN
    assert reader.read(head(red=True)).indication is Indication.GREEN
    assert reader.read(head(red=True)).indication is Indication.RED


def test_boxes_follow_a_larger_picture_and_a_box_outside_it_sees_nothing() -> None:
    large = cv2.resize(head(red=True), None, fx=3, fy=2, interpolation=cv2.INTER_NEAREST)
    assert LampReader(HEAD, (3.0, 2.0)).look(large).indication is Indication.RED
    assert LampReader(HEAD, (50.0, 50.0)).look(large).indication is Indication.UNKNOWN
