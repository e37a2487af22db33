"""Helmets and riders by the votes of a second network: a real one, made here, that answers by colour."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.cli.main import main
from nutgiao.edge.app import EdgeOptions, run_edge
from nutgiao.edge.detect.riders import OnnxRiders, open_riders, rider_card
from nutgiao.edge.detect.store import WeightsStore
from nutgiao.edge.perception import Perception
from nutgiao.edge.track.tracks import Tracks
from nutgiao.edge.violation.registry import rule_problems
from nutgiao.edge.violation.rider_votes import RiderVotes, VoteSettings
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.contracts.broker_url import parse_broker_url
from nutgiao.models.contracts.errors import ConfigError, ModelUnavailable
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass, ViolationKind
from nutgiao.models.vision.detections import DetectedFrame
from nutgiao.models.vision.rider_card import RiderCard, RiderVerdict, lower_bound
from tests.support.scenes import START_S, Scene, Vehicle, drive, site

RED, BLUE, GREEN = (30, 30, 220), (220, 30, 30), (30, 220, 30)
"""BGR: no helmet; three people; one rider with a helmet."""

GOOD = RiderVerdict(
    crops_sha256="0", crops=200, bare=60, bare_told=50, bare_right=50, over=50, over_told=45, over_right=45
)


def colour_network(path: Path) -> Path:
    """Pools the picture and answers: red means no helmet, blue means three people."""
    from onnx import TensorProto, helper, numpy_helper, save_model

    # rows: red, green, blue (of the pooled picture); columns: one, two, more, bare
    weights = np.array([[4, 0, -20, 40], [8, 0, -20, -20], [-9, 0, 40, -20]], np.float32)
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["raw"]),
        helper.make_node("Sigmoid", ["raw"], ["answer"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 128, 96])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1, 4])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([-3, -3, -6, -6], np.float32), "bias"),
        ],
    )
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
    return path


def painted(colour: tuple[int, int, int], size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """A sharp picture in that colour; each seed is another picture."""
    random = np.random.default_rng(seed)
    return np.clip(np.array(colour) + random.normal(size=(size[1], size[0], 3)) * 25, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OnnxRiders:
    path = colour_network(tmp_path_factory.mktemp("weights") / "colours.onnx")
    return OnnxRiders(path, card_of(GOOD))


def card_of(verdict: RiderVerdict | None) -> RiderCard:
    return RiderCard(
        name="colours", licence="CC0-1.0", licence_note="", sha256="", size_bytes=0, wheel=None, input_px=(96, 128),
        verdict=verdict,
    )  # fmt: skip


def asking(*kinds: ViolationKind, name: str | None = "colours") -> Site:
    rules = tuple(RuleSetting(kind=kind) for kind in kinds)
    return msgspec.structs.replace(site(), rules=rules, rider_model=name)


def drive_past(
    model: OnnxRiders | None, colours: list[tuple[int, int, int]], kind: VehicleClass = VehicleClass.MOTORCYCLE
) -> list[Violation]:
    """Riders, each in one colour, come at 6 m/s; the picture shows each box painted anew in each frame."""
    perception = Perception(asking(ViolationKind.NO_HELMET, ViolationKind.OVERLOADED), "j1", "b1", riders=model)
    vehicles = [Vehicle(drive(6.0, 9.0 + 0.5 * k), 1.2 + 2.6 * k, kind) for k in range(len(colours))]
    scene, told, frame_of = Scene(vehicles, noise_px=0.8), [], {}
    for k in range(48):
        t = k / 4
        frame = scene.frame(t)
        image = np.full((720, 1280, 3), 90, np.uint8)
        for vehicle, colour in zip(vehicles, colours, strict=True):
            x = vehicle.where(t)
            if x is not None and -14.0 < x < 85.0:
                left, top, right, bottom = scene.pinhole.box(x, vehicle.y_m, kind).round().astype(int).tolist()
                image[top:bottom, left:right] = painted(colour, (right - left, bottom - top), k)
        snapshot = perception.on_frame(DetectedFrame("cam", frame.time_s, frame.index, frame.detections, image))
        frame_of[k] = snapshot
        if k % 4 == 3:
            told += perception.second(START_S + t).violations
    return told


def test_a_bare_head_and_a_third_rider_are_told_once_and_a_helmet_never(model: OnnxRiders) -> None:
    told = drive_past(model, [RED, GREEN, BLUE])
    assert sorted(one.kind for one in told) == [ViolationKind.NO_HELMET, ViolationKind.OVERLOADED]
    assert [one.numbers.get("riders") for one in sorted(told, key=lambda one: one.kind)] == [None, 3.0]
    for one in told:
        assert one.numbers["votes"] >= 5
        assert one.numbers["against"] == 0
        assert one.vehicle_class is VehicleClass.MOTORCYCLE
        assert list(one.moments) == sorted(one.moments)


def test_cars_have_no_helmets_and_without_a_network_nobody_is_told(model: OnnxRiders) -> None:
    assert drive_past(model, [RED, BLUE], VehicleClass.CAR) == []
    assert drive_past(None, [RED, BLUE]) == []


def one_track(time_s: float, box: tuple[float, float, float, float], others: int = 0) -> Tracks:
    n = 1 + others
    boxes = np.array([box] + [(box[0] + 30.0, box[1], box[2] + 30.0, box[3])] * others, np.float32)
    return Tracks(
        time_s, tuple(f"t{k}" for k in range(n)), np.arange(n), np.zeros((n, 2)), np.zeros((n, 2)), np.zeros((n, 4, 4)),
        np.full(n, CLASS_CODE[VehicleClass.MOTORCYCLE], np.int8), boxes, np.ones(n, np.float32), np.full(n, 9),
        np.zeros(n), np.zeros((n, 2)), np.zeros(n),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("why", "box", "others", "frozen", "blurred", "looks"),
    [
        ("good pictures", (100, 100, 180, 260), 0, False, False, 10),
        ("a frozen picture votes once", (100, 100, 180, 260), 0, True, False, 1),
        ("a blurred one does not vote", (100, 100, 180, 260), 0, False, True, 0),
        ("too small", (100, 100, 130, 150), 0, False, False, 0),
        ("cut by the edge of the picture", (100, 0, 180, 160), 0, False, False, 0),
        ("hidden by another", (100, 100, 180, 260), 1, False, False, 0),
    ],
)
def test_each_different_sharp_whole_picture_has_one_vote(
    model: OnnxRiders, why: str, box: tuple[float, float, float, float], others: int, frozen: bool, blurred: bool,
    looks: int,
) -> None:  # fmt: skip
    votes = RiderVotes(model, 640)
    for k in range(10):
        image = cv2.resize(painted(RED, (80, 60), 0 if frozen else k), (640, 480), interpolation=cv2.INTER_NEAREST)
        shown = np.asarray(cv2.blur(image, (41, 41)) if blurred else image, np.uint8)
        votes.on_frame(shown, one_track(0.5 * k, box, others))
    found = votes.of(0)
    assert (0 if found is None else found.looks) == looks, why


def test_the_network_is_called_no_more_often_than_the_box_can_bear(model: OnnxRiders) -> None:
    votes, count = RiderVotes(model, 4000, VoteSettings(per_second=3.0, apart_s=0.0)), 0
    for k in range(100):
        image = cv2.resize(painted(RED, (200, 15), k), (4000, 480), interpolation=cv2.INTER_NEAREST)
        tracks = one_track(0.1 * k, (100, 100, 180, 260))
        row = np.arange(20)
        boxes = np.stack([100 + 150 * row, 0 * row + 100, 180 + 150 * row, 0 * row + 260], axis=1).astype(np.float32)
        many = Tracks(
            tracks.time_s, ("t",) * 20, row, np.zeros((20, 2)), np.zeros((20, 2)), np.zeros((20, 4, 4)),
            np.full(20, tracks.classes[0]), boxes, np.ones(20, np.float32), np.full(20, 9), np.zeros(20),
            np.zeros((20, 2)), np.zeros(20),
        )  # fmt: skip
        votes.on_frame(image, many)
    count = sum(one.looks for number in range(20) if (one := votes.of(number)) is not None)
    assert 25 <= count <= 33


def labelled(folder: Path, wrong: int = 0) -> Path:
    folder.mkdir()
    rows = ["file,riders,bare"]
    for k in range(150):
        colour, riders, bare = ((RED, 1, "yes"), (BLUE, 3, "no"), (GREEN, 1, "no"))[k % 3]
        cv2.imwrite(str(folder / f"{k}.png"), painted(colour, (60, 120), k))
        rows.append(f"{k}.png,{riders},{'no' if bare == 'yes' and k < 3 * wrong else bare}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_weights_run_only_after_they_have_passed_on_labelled_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUTGIAO_HOME", str(tmp_path / "home"))
    store, both = WeightsStore(tmp_path / "home" / "models"), asking(ViolationKind.NO_HELMET, ViolationKind.OVERLOADED)
    network = colour_network(tmp_path / "colours.onnx")
    ask = ["models", "riders", str(network), "--name", "colours", "--size", "96x128", "--pictures"]
    with pytest.raises(ModelUnavailable, match="no weights for riders"):
        open_riders(both, store)
    # six of fifty wrong: its helmets are not believed, its riders are
    assert main([*ask, str(labelled(tmp_path / "half", wrong=6))]) == 0
    assert "no_helmet: may not run" in capsys.readouterr().out
    with pytest.raises(ModelUnavailable, match="'no_helmet' with 'colours', which did not pass"):
        open_riders(both, store)
    assert open_riders(asking(ViolationKind.OVERLOADED), store) is not None
    assert main([*ask, str(labelled(tmp_path / "good"))]) == 0
    assert open_riders(both, store) is not None
    assert rider_card(store, "colours").verdict == RiderVerdict(
        crops_sha256=rider_card(store, "colours").verdict.crops_sha256,  # type: ignore[union-attr]
        crops=150, bare=50, bare_told=50, bare_right=50, over=50, over_told=50, over_right=50,
    )  # fmt: skip
    with (store.folder / "colours.onnx").open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelUnavailable, match="not the file that was judged"):
        open_riders(both, store)


def test_a_site_that_asks_for_helmets_without_naming_weights_is_refused_by_key() -> None:
    ((key, problem, cure),) = rule_problems(asking(ViolationKind.NO_HELMET, name=None))
    assert key == ("rules", 0, "kind")
    assert "no_helmet" in problem
    assert "rider_model" in cure
    with pytest.raises(ConfigError):
        Perception(asking(ViolationKind.NO_HELMET, name=None), "j1", "b1")


def test_a_box_whose_site_names_weights_that_are_not_there_does_not_start(tmp_path: Path) -> None:
    broker = parse_broker_url("mqtt://127.0.0.1:1")
    options = EdgeOptions(
        asking(ViolationKind.NO_HELMET), broker, "hanoi", tmp_path / "data", store=WeightsStore(tmp_path / "models")
    )
    with pytest.raises(ModelUnavailable, match="no weights for riders of the name 'colours'"):
        run_edge(options)


def test_few_pictures_prove_nothing() -> None:
    assert lower_bound(34, 34) < 0.9 < lower_bound(36, 36)
    assert lower_bound(0, 0) == 0.0
