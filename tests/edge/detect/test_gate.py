"""8-bit engines: judged on pictures of the street, refused when they lose too much, never live without a verdict."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.detect import quantize
from nutgiao.edge.detect.engines import quantized, resized
from nutgiao.edge.detect.gate import Picture, judge, pictures_in
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.detect.store import WeightsStore, known_card
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import YOLOV8N_COCO, ModelCard
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.gate import LOSS_MAX, Truth, Verdict, average_precision

pytest.importorskip("onnx", reason="engines are made with the extra 'engines'")


def users(boxes: list[tuple[float, ...]], scores: list[float]) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.zeros(len(scores), np.int8)
    )


def row(*places: float) -> list[tuple[float, ...]]:
    return [(x, 0.0, x + 10.0, 20.0) for x in places]


def truth(boxes: list[tuple[float, ...]], may: list[tuple[float, ...]] | None = None) -> Truth:
    return Truth(np.array(boxes, np.float32).reshape(-1, 4), np.array(may or [], np.float32).reshape(-1, 4))


def test_average_precision_of_a_case_worked_out_by_hand() -> None:
    # Hits at ranks 1 and 3 of three, two truths: precision 1 up to recall 0.5, 2/3 up to 1.
    found = users(row(0, 200, 50), [0.9, 0.8, 0.7])
    assert average_precision([truth(row(0, 50))], [found]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # The wrong one stood on what may be: it does not count.
    assert average_precision([truth(row(0, 50), row(200))], [found]) == pytest.approx(1.0)
    # A second box on a truth that is taken is wrong.
    assert average_precision([truth(row(0))], [users(row(0, 1), [0.5, 0.9])]) == pytest.approx(1.0)
    assert average_precision([truth(row(0, 50))], [users(row(0, 1), [0.9, 0.5])]) == pytest.approx(0.5)


@given(st.lists(st.floats(0.125, 1.0, width=32), min_size=1, max_size=20), st.data())
def test_average_precision_is_one_of_the_truth_and_falls_with_what_is_missed(
    scores: list[float], data: st.DataObject
) -> None:
    places = row(*(20.0 * i for i in range(len(scores))))
    found = users(places, scores)
    assert average_precision([truth(places)], [found]) == pytest.approx(1.0)
    left = data.draw(st.integers(0, len(scores)))
    less = found.select(np.arange(left))
    assert average_precision([truth(places)], [less]) == pytest.approx(left / len(scores))


def test_a_verdict_passes_by_every_measure_or_not_at_all() -> None:
    def verdict(agreement: float, before: float | None = None, after: float | None = None) -> Verdict:
        return Verdict(pictures_sha256="", pictures=10, users=80, agreement=agreement, before=before, after=after)

    assert verdict(1 - LOSS_MAX / 2).passed
    assert not verdict(1 - LOSS_MAX * 1.1).passed
    assert verdict(0.995, 0.5, 0.495).passed
    assert not verdict(0.995, 0.5, 0.48).passed


@pytest.fixture(scope="module")
def small(store: WeightsStore) -> ModelCard:
    return resized(store, YOLOV8N_COCO, (320, 256))


@pytest.fixture(scope="module")
def street(street_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures of Giang Vo without their labels, which name riders only."""
    folder = tmp_path_factory.mktemp("street")
    for path in sorted(street_data("detection/hanoi_riders").glob("*.png"))[:20]:
        shutil.copy(path, folder)
    return folder


def test_engine_made_with_the_street_passes_and_one_made_at_black_night_is_refused(
    store: WeightsStore, small: ModelCard, street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nutgiao.edge.detect.gate.USERS_MIN", 10)  # small engine, few sure boxes: quick
    made_with, judged_by = pictures_in(street)
    made = quantized(store, small, made_with, judged_by, threads=2)
    assert made.int8
    assert made.verdict is not None
    assert made.verdict.passed
    assert made.made_from == small.sha256
    assert known_card(store.path(made)) == made
    assert len(OnnxDetector(store.path(made), made, threads=2).look(judged_by[0].read()).users) > 0

    # Without its card, or with another verdict in it, it does not run.
    copy = tmp_path / "engine.onnx"
    shutil.copy(store.path(made), copy)
    with pytest.raises(ModelUnavailable, match="no verdict of the accuracy gate"):
        OnnxDetector(copy, known_card(copy))
    worse = msgspec.structs.replace(made, verdict=msgspec.structs.replace(made.verdict, agreement=0.98))
    with pytest.raises(ModelUnavailable, match="did not pass the accuracy gate"):
        OnnxDetector(copy, worse)

    black = tmp_path / "black.png"
    cv2.imwrite(str(black), np.zeros((256, 320, 3), np.uint8))
    store.path(made).unlink()
    with pytest.raises(ModelUnavailable, match="was not kept, it loses"):
        quantized(store, small, [Picture(black, None)] * 2, judged_by, threads=2)
    assert not store.path(made).exists()


def test_parent_beside_itself_is_flawless_also_by_labels(
    store: WeightsStore, small: ModelCard, street_data: Callable[[str], Path]
) -> None:
    parent = OnnxDetector(store.path(small), small, threads=2)
    _, judged_by = pictures_in(street_data("detection/hanoi_riders"))
    verdict = judge(parent, parent, judged_by)
    assert verdict.agreement == 1.0
    assert verdict.before == verdict.after
    assert verdict.labelled_users > 100


def test_too_little_to_judge_by_is_refused(store: WeightsStore, small: ModelCard, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="holds 0 pictures"):
        pictures_in(tmp_path)
    for i in range(20):
        cv2.imwrite(str(tmp_path / f"{i:02}.png"), np.full((60, 80, 3), 90, np.uint8))
    made_with, judged_by = pictures_in(tmp_path)
    assert len(made_with) == len(judged_by) == 10
    assert not {one.path for one in made_with} & {one.path for one in judged_by}
    parent = OnnxDetector(store.path(small), small, threads=2)
    with pytest.raises(ModelUnavailable, match="show 0 road users"):
        judge(parent, parent, judged_by)


def test_layers_without_names_are_not_quantized_blindly() -> None:
    class Node:
        name = "conv"

    class Graph:
        node = (Node(),)

    with pytest.raises(ModelUnavailable, match="its head"):
        quantize._delicate(Graph())
