"""``nutgiao lamps``: the real lamp of Giang Vo, and what an installer does wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from nutgiao.cli.main import main
from nutgiao.configs.loader import site_path

CLIP = "clips/hn_giangvo_langha_6fps.mp4"


def test_the_lamp_of_giang_vo_is_told_as_it_changes(
    street_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "lamps.png"
    words = ["lamps", str(street_data(CLIP)), "--site", "giangvo", "--max-frames", "60"]
    assert main([*words, "--picture", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "head of g1" in said
    assert said.index("green") < said.index("unknown") < said.index("red")  # the amber lamp cannot be seen there
    strip = cv2.imread(str(picture))
    assert strip is not None
    assert strip.shape[1] > 3 * 150  # a picture for each of the three
    assert main([*words, "--json"]) == 0
    (head,) = json.loads(capsys.readouterr().out)
    assert [run["indication"] for run in head["runs"]] == ["green", "unknown", "red"]
    assert sum(head["frames"].values()) + head["doubtful"] == 60


def test_the_countdown_of_giang_vo_is_told_by_its_tens(
    street_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["lamps", str(street_data(CLIP)), "--max-frames", "200"]
    assert main([*words, "--site", "giangvo", "--json"]) == 0
    ((count,),) = (head["countdown"] for head in json.loads(capsys.readouterr().out))
    assert count["ends_s"] == pytest.approx(71.0, abs=0.5)
    assert count["shows_s"] == pytest.approx(71.0 - count["from_s"], abs=1.0)
    text = site_path("giangvo").read_text(encoding="utf-8")
    beside = tmp_path / "beside.yaml"
    beside.write_text(text.replace("tens_px: [624, 151, 628, 160]", "tens_px: [600, 100, 606, 112]"), encoding="utf-8")
    assert main([*words, "--site", str(beside)]) == 0
    assert "Its countdown was never read" in capsys.readouterr().out


def test_boxes_that_lie_on_no_lamp_are_told(
    street_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = site_with_boxes_moved(tmp_path / "beside.yaml", -40)
    assert main(["lamps", str(street_data(CLIP)), "--site", str(site), "--max-frames", "30"]) == 1
    assert "It was never read" in capsys.readouterr().out


def test_a_box_outside_the_picture_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = site_with_boxes_moved(tmp_path / "outside.yaml", 5000)
    assert main(["lamps", "gone.mp4", "--site", str(site)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "outside.yaml" in said
    assert "is no part of the" in said


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lamps", str(tmp_path / "gone.mp4"), "--site", "giangvo"]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["lamps", "gone.mp4", "--site", "demo-j1"]) == 2
    assert "no boxes of lamps" in " ".join(capsys.readouterr().err.split())


def site_with_boxes_moved(to: Path, by_px: int) -> Path:
    """The site of Giang Vo with its lamps' boxes somewhere else."""
    lines = site_path("giangvo").read_text(encoding="utf-8").splitlines()
    for k, line in enumerate(lines):
        if "red_px:" in line or "green_px:" in line:
            key, box = line.split("[")
            lines[k] = f"{key}[{', '.join(str(int(v) + by_px) for v in box.rstrip(']').split(','))}]"
    to.write_text("\n".join(lines), encoding="utf-8")
    return to
