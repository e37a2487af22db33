"""`nutgiao calibrate`: checks, fits and saves, and says with file, key and cure what it cannot use."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from nutgiao.cli.main import main
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.site import CalibrationNote
from tests.support.new_camera import MARKS, NEW_CAMERA, PICTURE, on_the_picture

SEEN = on_the_picture(MARKS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with a new camera, its still, and pairs that were measured with a tape."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yaml").write_text(NEW_CAMERA, encoding="utf-8")
    cv2.imwrite("still.png", np.full((PICTURE[1], PICTURE[0], 3), 90, np.uint8))
    write_pairs(SEEN)
    return tmp_path


def write_pairs(seen: np.ndarray, count: int = len(MARKS)) -> None:
    rows = [f"{u:.1f}, {v:.1f}, {x}, {y}" for (u, v), (x, y) in zip(seen[:count], MARKS[:count], strict=True)]
    Path("pairs.csv").write_text("# with a tape\nu,v,x,y\n" + "\n".join(rows) + "\n", encoding="utf-8")


def calibrate(*words: str) -> int:
    return main(["calibrate", "still.png", "--site", "site.yaml", *words])


def test_pairs_from_a_file_make_a_camera(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("--pairs", "pairs.csv", "--picture", "grid.png") == 0
    assert (folder / "site.yaml").read_text(encoding="utf-8") == NEW_CAMERA
    assert calibrate("--pairs", "pairs.csv", "--save") == 0
    told = capsys.readouterr().out
    assert "error by cross-validation: 0.0" in told
    assert "a place in the picture is known to" in told
    assert cv2.imread("grid.png").shape == (PICTURE[1], PICTURE[0], 3)
    camera = load_site(Path("site.yaml")).cameras[0]
    assert len(camera.ground_pairs) == len(MARKS)
    assert camera.calibration.method == "pairs"
    assert "# measured by hand" in (folder / "site.yaml").read_text(encoding="utf-8")
    assert calibrate() == 0  # and now it can be checked


def test_one_wrong_click_is_named_and_not_saved(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = SEEN.copy()
    seen[3] += (90.0, 40.0)
    write_pairs(seen)
    assert calibrate("--pairs", "pairs.csv", "--save") == 1
    told = capsys.readouterr()
    assert "pair 4 is wrong: the others put it" in told.out
    assert "not saved" in told.err
    assert (folder / "site.yaml").read_text(encoding="utf-8") == NEW_CAMERA


MARKS_FILE = """\
schema: nutgiao/marks/1
anchor_px: [{anchor}]
traffic: towards
marks:
"""


def write_marks(*rows: str) -> None:
    anchor = ", ".join(f"{one:.1f}" for one in on_the_picture(np.array([[0.0, 0.0]]))[0])
    body = MARKS_FILE.format(anchor=anchor) + "".join(f"  - {{{row}}}\n" for row in rows)
    Path("marks.yaml").write_text(body, encoding="utf-8")


def ends(one: tuple[float, float], other: tuple[float, float]) -> str:
    (u, v), (s, t) = on_the_picture(np.array([one, other]))
    return f"from_px: [{u:.1f}, {v:.1f}], to_px: [{s:.1f}, {t:.1f}]"


def test_bars_of_a_crossing_and_dashes_make_a_camera_with_its_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_marks(
        f"what: crossing-pitch, count: 7, {ends((0.0, -4.0), (-7.0, -4.0))}",
        f"what: crossing-pitch, count: 7, {ends((0.0, -1.5), (-7.0, -1.5))}",
        f"what: lane-dash, length_m: 2.0, {ends((-3.5, 2.0), (-3.5, 4.0))}",
        f"what: lane-gap, length_m: 6.0, {ends((-3.5, 4.0), (-3.5, 10.0))}",
        f"what: lane-dash, length_m: 2.0, {ends((-3.5, 10.0), (-3.5, 12.0))}",
        f"direction: along, {ends((0.0, -6.0), (0.0, 15.0))}",
    )
    assert calibrate("--marks", "marks.yaml", "--save") == 0
    assert "7.0 m high" in capsys.readouterr().out
    camera = load_site(Path("site.yaml")).cameras[0]
    assert camera.calibration.method == "marks"
    assert camera.calibration.scale_share > CalibrationNote().scale_share
    pairs = np.array(camera.ground_pairs)
    near = pairs[pairs[:, 3] < 15.0]
    assert np.abs(on_the_picture(near[:, 2:]) - near[:, :2]).max() < 4.0


def test_two_measured_points_and_paint_go_together(folder: Path) -> None:
    write_marks(
        f"what: crossing-pitch, count: 7, {ends((0.0, -4.0), (-7.0, -4.0))}",
        f"what: lane-gap, length_m: 6.0, {ends((-3.5, 4.0), (-3.5, 10.0))}",
        f"direction: along, {ends((0.0, -6.0), (0.0, 15.0))}",
    )
    write_pairs(SEEN, 3)
    assert calibrate("--marks", "marks.yaml", "--pairs", "pairs.csv", "--save") == 0
    pairs = np.array(load_site(Path("site.yaml")).cameras[0].ground_pairs)
    near = pairs[pairs[:, 3] < 15.0]
    assert np.abs(on_the_picture(near[:, 2:]) - near[:, :2]).max() < 4.0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("what: lane-dash, from_px: [1, 2], to_px: [3, 4]", ["marks.yaml:5", "1 to 3 m", "length_m"]),
        ("what: lane-dush, from_px: [1, 2], to_px: [3, 4]", ["marks[0].what", "Did you mean 'lane-dash'?"]),
        ("from_px: [1, 2], to_px: [3, 4]", ["marks[0]", "neither a length nor a direction"]),
        ("length_m: 3, from_px: [1, 2], too_px: [3, 4]", ["too_px", "Did you mean 'to_px'?"]),
        ("length_m: 3, from_px: [1, 2], to_px: [3, 4]", ["three marks or twenty vehicles"]),
    ],
)
def test_marks_that_say_too_little_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], row: str, words: list[str]
) -> None:
    write_marks(row)
    assert calibrate("--marks", "marks.yaml") == 2
    told = capsys.readouterr().err
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("10,20,0,0\n30,40,1,1\n", ["pairs.csv", "ground_pairs", "4 or more"]),
        ("10,20,0,0\n20,30,1,1\n30,40,2,2\n40,50,3,3\n", ["pairs.csv", "line or coincide"]),
        ("10,20,0\n", ["pairs.csv:1", "is no pair", "x,y in metres"]),
        ("10,twenty,0,0\n", ["pairs.csv:1", "is no pair"]),
        ("", ["pairs.csv", "4 or more"]),
    ],
)
def test_pairs_that_fix_no_map_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], rows: str, words: list[str]
) -> None:
    Path("pairs.csv").write_text(rows, encoding="utf-8")
    assert calibrate("--pairs", "pairs.csv") == 2
    told = capsys.readouterr().err
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--camera", "cam2"], ["site.yaml", "cameras", "no camera 'cam2'", "Known: cam"]),
        ([], ["site.yaml", "ground_pairs", "there are none yet", "--serve"]),
        (["--pairs", "none.csv"], ["none.csv", "No such file", "Check the path"]),
        (["--vehicles", "5"], ["--vehicles", "--marks"]),
        (["--pairs", "pairs.csv", "--save-as", "none/site.yaml"], ["none/site.yaml", "cannot be written"]),
        (["--pairs", "pairs.csv", "--picture", "none/grid.png"], ["none/grid.png", "cannot be written"]),
    ],
)
def test_wrong_use_names_file_key_and_cure(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: list[str]
) -> None:
    assert calibrate(*words) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in told), said
    assert (folder / "site.yaml").read_text(encoding="utf-8") == NEW_CAMERA


def test_a_read_only_site_file_is_told_and_stays(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write to a file without write permission
    assert calibrate("--pairs", "pairs.csv", "--save") == 2
    told = capsys.readouterr().err
    assert "site.yaml: the file is read-only. chmod u+w it" in told
    assert (folder / "site.yaml").read_text(encoding="utf-8") == NEW_CAMERA


def test_a_shipped_site_is_looked_at_but_not_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("vga.png", np.zeros((480, 640, 3), np.uint8))
    assert main(["calibrate", "vga.png", "--site", "giangvo"]) == 0
    assert main(["calibrate", "vga.png", "--site", "giangvo", "--save"]) == 2
    told = capsys.readouterr()
    assert "method marks" in told.out
    assert "part of nutgiao itself" in told.err
    assert main(["calibrate", "vga.png", "--site", "giangvo", "--save-as", "mine.yaml"]) == 0
    assert load_site(Path("mine.yaml")) == load_site("giangvo")
    assert "QCVN 41" in Path("mine.yaml").read_text(encoding="utf-8")
