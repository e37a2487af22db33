"""`nutgiao plates read`: what stands on a plate, as text and as JSON, and clear words where nothing can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from nutgiao.cli.main import main
from nutgiao.models.vision.cards import TEXT_CARDS, TEXT_READER
from tests.support.plates import labelled_crops, text_weights


@pytest.fixture(autouse=True)
def weights() -> None:
    for card in TEXT_CARDS.values():
        text_weights(card)


def test_a_crop_is_read_as_json(street_data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    path, text = labelled_crops(street_data)[0]
    assert main(["plates", "read", str(path), "--crop", "--day", "2026-11-22", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["day"] == "2026-11-22"
    assert [plate["text"] for plate in told["plates"]] == [text]
    assert told["plates"][0]["shown"] == "29-B1 256.62"


def test_an_empty_picture_has_no_plate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((200, 300, 3), 120, np.uint8))
    assert main(["plates", "read", str(path)]) == 1
    assert "no plate found" in capsys.readouterr().out
    assert main(["plates", "read", str(path), "--crop"]) == 1
    assert "unreadable (no plate)" in capsys.readouterr().out


@pytest.mark.parametrize("body", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_no_picture_is_named(tmp_path: Path, body: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "note.jpg"
    path.write_bytes(body)
    assert main(["plates", "read", str(path)]) == 2
    assert "note.jpg is no picture" in capsys.readouterr().err


def test_a_missing_file_and_a_wrong_law_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plates", "read", str(tmp_path / "none.jpg")]) == 2
    assert "none.jpg: No such file" in capsys.readouterr().err
    law = tmp_path / "law.yaml"
    law.write_text("schema: nutgiao/plates/1\n")
    assert main(["plates", "read", "x.jpg", "--law", str(law)]) == 2
    assert "law.yaml" in capsys.readouterr().err


def test_the_text_models_are_listed_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = text_weights(TEXT_READER)
    monkeypatch.setenv("NUTGIAO_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["models", "pull", TEXT_READER.name, "--file", str(path)]) == 0
    assert main(["models", "list"]) == main(["models", "verify", TEXT_READER.name]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert all(name in out for name in TEXT_CARDS)
    assert "reads text" in out
    assert TEXT_READER.sha256 in out
