"""``nutgiao watch``: the whole command on the real clip, and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nutgiao.cli.main import main
from tests.support.weights import yolov8n_path

CLIP = "clips/hn_giangvo_langha_6fps.mp4"


def test_clip_with_the_permissive_network(
    street_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["watch", str(street_data(CLIP)), "--site", "giangvo", "--out", str(tmp_path), "--max-frames", "12"]
    assert main([*words, "--model", str(street_data("models/yolox_nano.onnx")), "--tiles", "2x1"]) == 0
    assert "12 frames" in capsys.readouterr().out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["model"] == "yolox-nano-coco"
    assert summary["model_licence"] == "Apache-2.0"
    assert summary["tiles"] == [2, 1]
    assert summary["frames"] == 12
    assert {path.name for path in tmp_path.iterdir()} == {
        "annotated.mp4",
        "events.jsonl",
        "lanes.jsonl",
        "summary.json",
    }


def refused(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 2) -> str:
    try:
        ended = main(["watch", *words])
    except SystemExit as end:  # argparse
        ended = int(end.code or 0)
    assert ended == code
    return " ".join(capsys.readouterr().err.split())


def test_bad_input_says_what_and_leaves_nothing(
    street_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = str(street_data(CLIP)), tmp_path / "out"
    rest = ["--out", str(out), "--model", str(yolov8n_path())]
    fake = tmp_path / "fake.mp4"
    fake.write_text("not a video at all\n" * 100)
    assert "is not a video" in refused([str(fake), "--site", "giangvo", *rest], capsys)
    assert "no such file" in refused([str(tmp_path / "gone.mp4"), "--site", "giangvo", *rest], capsys)
    assert "giangvo" in refused([clip, "--site", "giangvoo", *rest], capsys)
    assert "cam_south" in refused([clip, "--site", "giangvo", "--camera", "north", *rest], capsys)
    assert "columns x rows" in refused([clip, "--site", "giangvo", "--tiles", "two", *rest], capsys)
    assert "no such file of weights" in refused(
        [clip, "--site", "giangvo", "--out", str(out), "--model", "x.onnx"], capsys
    )
    assert not out.exists()
    assert "cannot be made a folder" in refused([clip, "--site", "giangvo", *rest, "--out", str(fake)], capsys)
