"""The plate of a violation's vehicle, from the pictures of its track to the sealed bundle: read, or why it is not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nutgiao.edge.detect.store import WeightsStore
from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.subject import SubjectView
from nutgiao.edge.evidence.verify import verify_bundle
from nutgiao.edge.perception import Perception
from nutgiao.edge.plates.finder import TextFinder
from nutgiao.edge.plates.of_track import SAVED_S, SHARE, TrackPlates, open_plates
from nutgiao.edge.plates.recogniser import TextRecogniser
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.contracts.plates import Unreadable
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.cards import TEXT_FINDER, TEXT_READER
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.plates.layout import TextLine
from tests.support.plates import drawn, labelled_crops, picture, plate_grammar, text_weights
from tests.support.scenes import GREEN, RED, START_S, Pinhole, Scene, Vehicle, drive, site, watch

Image = NDArray[np.uint8]


class Stopwatch:
    """A clock that goes only when a test moves it."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class SlowFinder(TextFinder):
    """Finds nothing, and takes a known time for it."""

    def __init__(self, watch: Stopwatch, look_s: float) -> None:
        self.watch, self.look_s = watch, look_s

    def lines(self, image: Image, side_px: int) -> list[TextLine]:
        self.watch.now_s += self.look_s
        return []


@functools.cache
def networks() -> tuple[TextFinder, TextRecogniser]:
    grammar = plate_grammar()
    return (
        TextFinder(text_weights(TEXT_FINDER)),
        TextRecogniser(text_weights(TEXT_READER), grammar.letters, grammar.law.read_as),
    )


def plates() -> TrackPlates:
    return TrackPlates(*networks(), plate_grammar().law, 7.0, Stopwatch())


def vehicle(number: int, *mounted: tuple[Image, float, float], side_px: int = 240) -> SubjectView:
    """A vehicle as a grey box with a camera's noise: plates with the place of their middle, as shares of its sides."""
    random = np.random.default_rng(number)
    body = np.full((side_px, side_px, 3), 90.0) + random.normal(0, 4, (side_px, side_px, 3))
    for plate, x, y in mounted:
        wide = round(0.35 * side_px) + 2 * number
        small = cv2.resize(plate, (wide, wide * plate.shape[0] // plate.shape[1]), interpolation=cv2.INTER_AREA)
        left, top = int(x * side_px - wide / 2), int(y * side_px - small.shape[0] / 2)
        body[top : top + small.shape[0], left : left + wide] = small + random.normal(0, 4, small.shape)
    return SubjectView(START_S + number / 5, np.clip(body, 0, 255).astype(np.uint8))


OWN, OTHER, SALE = (("29-B1", "256.62"), ("30-L9", "086.07"), ("GIẢM GIÁ", "0912345678"))


def test_a_number_needs_two_pictures_that_show_it() -> None:
    views = [vehicle(k, (drawn(OWN), 0.5, 0.7)) for k in range(3)]
    found = plates()(views)
    assert (found.note.text, found.note.reason) == ("29B125662", None)
    assert found.note.confidence > 0.95
    assert found.picture is not None
    assert plates()(views[:1]).note.text is None


def test_what_stands_high_or_is_no_plate_is_not_taken_for_the_vehicle_s() -> None:
    read = plates()
    both = [vehicle(k, (drawn(OTHER), 0.5, 0.2), (drawn(OWN), 0.5, 0.75)) for k in range(2)]
    assert read(both).note.text == "29B125662"
    assert read([vehicle(k, (drawn(OTHER), 0.5, 0.2)) for k in range(2)]).note.text is None
    sale = read([vehicle(k, (drawn(SALE), 0.5, 0.7)) for k in range(2)])
    assert (sale.note.text, sale.picture) == (None, None)
    assert sale.note.reason is not None


def test_two_numbers_on_one_vehicle_are_none() -> None:
    beside = [vehicle(k, (drawn(OWN), 0.27, 0.7), (drawn(OTHER), 0.73, 0.7)) for k in range(2)]
    assert plates()(beside).note.reason == Unreadable.SEVERAL
    in_turn = [vehicle(k, (drawn((OWN, OTHER)[k % 2]), 0.5, 0.7)) for k in range(2)]
    assert plates()(in_turn).note.reason == Unreadable.DISAGREEMENT
    assert plates()([]).note.reason == Unreadable.NO_PLATE


@given(st.lists(st.tuples(st.integers(1, 8), st.floats(0.0, 30.0)), max_size=30), st.floats(0.01, 3.0))
def test_reading_takes_its_share_of_the_time_and_one_look_more(asked: list[tuple[int, float]], look_s: float) -> None:
    watch = Stopwatch()
    read = TrackPlates(SlowFinder(watch, look_s), networks()[1], plate_grammar().law, 7.0, watch)
    spent_s = 0.0
    for views, pause_s in asked:
        begun_s = watch.now_s
        found = read([vehicle(k, side_px=16) for k in range(views)])
        assert found.note.reason == (Unreadable.NO_TIME if watch.now_s == begun_s else Unreadable.NO_PLATE)
        spent_s += watch.now_s - begun_s
        watch.now_s += pause_s
        assert spent_s <= SAVED_S + SHARE * watch.now_s + look_s + 1e-6
    watch.now_s += 1000.0
    assert read([vehicle(0, side_px=16)]).note.reason == Unreadable.NO_PLATE


def test_without_its_weights_it_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="nutgiao models pull"):
        open_plates(WeightsStore(tmp_path), plate_grammar().law, 7.0, Stopwatch())


NOISE = np.random.default_rng(1).normal(100, 2, (720, 1280, 3)).astype(np.uint8)


class Filmed(Scene):
    """A street with a camera's noise, and on the first vehicle what stands on its plate."""

    plate: Image

    def frame(self, t: float) -> DetectedFrame:
        plain = super().frame(t)
        street = np.roll(NOISE, 7919 * self.index).copy()
        x = self.vehicles[0].where(t)
        if x is not None and self.seen_m[0] < x < self.seen_m[1]:
            box = self.pinhole.box(x, self.vehicles[0].y_m, self.vehicles[0].kind)
            left, top, right, bottom = box.astype(int).tolist()
            wide = int(0.85 * (right - left))
            size = (wide, wide * self.plate.shape[0] // self.plate.shape[1])
            y, x0 = int(top + 0.45 * (bottom - top)), (left + right - wide) // 2
            place = street[y : y + size[1], x0 : x0 + wide]
            place[:] = cv2.resize(self.plate, size, interpolation=cv2.INTER_AREA)[: len(place)]
        return DetectedFrame(plain.camera, plain.time_s, plain.index, plain.detections, street)


def red_light_case(plate: Image) -> Case:
    pinhole = Pinhole(x_m=-28.0, height_m=7.0)
    scene = Filmed([Vehicle(drive(6.0, 5.0), 4.5, VehicleClass.CAR)], pinhole, seen_m=(-12.0, 40.0))
    scene.plate = plate
    perception = Perception(site(pinhole=pinhole), "j1", "b1")
    (violation,) = watch(perception, scene, 11, lambda t: RED if t >= 2 else GREEN, fps=5.0).violations
    return perception.case(violation)


def test_the_plate_of_who_runs_the_red_light_is_in_the_sealed_bundle(
    street_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path, text = next((path, text) for path, text in labelled_crops(street_data) if len(text) == 8)
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    builder = EvidenceBuilder(tmp_path, key, site=site(), node="j1", boot="b1", software="0.1.0", plates=plates())
    verdict = verify_bundle(builder.seal("v-1", red_light_case(picture(path))).path, None)
    assert verdict.intact
    assert verdict.manifest.plate is not None
    assert (verdict.manifest.plate.text, verdict.manifest.plate.reason) == (text, None)
    assert verdict.manifest.plate_file == "plate.jpg"
