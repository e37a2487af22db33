from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.cli.main import main
from nutgiao.cli.plan_capacity import SPARE, Measured, plan
from nutgiao.cli.plan_capacity_costs import COSTS, cost_at
from tests.support.weights import yolov8n_path

TWO_CORES = Measured(model="yolov8n-coco", provider="OpenVINO", cores=2, pictures_per_s=40.0)


@given(cameras=st.integers(1, 32), cores=st.integers(1, 32), fps=st.floats(1, 60), decode_ms=st.floats(0, 20))
def test_plan_never_promises_more_than_the_cores_have(cameras: int, cores: int, fps: float, decode_ms: float) -> None:
    told = plan(TWO_CORES, cameras, cores, fps, decode_ms)
    assert 0.0 <= told.fps <= fps + 0.005
    decoding = cameras * fps * decode_ms / 1000.0
    looking = cameras * (told.fps - 0.005) * 2 / TWO_CORES.pictures_per_s
    assert told.fps == 0.0 or decoding + looking <= cores * (1.0 - SPARE)
    assert told.fps >= plan(TWO_CORES, cameras + 1, cores, fps, decode_ms).fps
    assert told.limited or told.hota == told.hota_full


@given(fps=st.floats(0.1, 100))
def test_accuracy_between_two_measured_rates_lies_between_theirs(fps: float) -> None:
    one = cost_at(fps)
    assert min(c.hota for c in COSTS) <= one.hota <= max(c.hota for c in COSTS)
    assert min(c.counted for c in COSTS) <= one.counted <= max(c.counted for c in COSTS)
    for known in COSTS:
        assert cost_at(known.fps) == known


def test_saved_measurement_plans_another_box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "box.json"
    file.write_text('{"model": "m", "provider": "p", "cores": 2, "pictures_per_s": 40, "decode_ms": 2}')
    words = ["edge", "plan-capacity", "--measured", str(file), "--cameras", "1", "4", "--cores", "4", "--json"]
    assert main(words) == 0
    one, four = json.loads(capsys.readouterr().out)["plans"]
    assert one["fps"] == 25.0
    assert not one["limited"]
    assert four["fps"] < 25.0
    assert four["counted"] <= one["counted"]


def test_damaged_measurement_is_told_with_the_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "box.json"
    file.write_text('{"cores": "many"}')
    assert main(["edge", "plan-capacity", "--measured", str(file), "--cameras", "1"]) == 2
    assert "--save" in capsys.readouterr().err


def test_box_is_measured_with_the_real_network_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "box.json"
    words = ["edge", "plan-capacity", "--cameras", "1", "2", "--model", str(yolov8n_path()), "--save", str(file)]
    assert main(words) in (0, 1)  # a busy box may promise less than a frame a second
    assert "pictures a second" in capsys.readouterr().out
    assert json.loads(file.read_text())["pictures_per_s"] > 0.0


def test_the_box_itself_still_asks_for_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["edge"])
    assert "--broker" in capsys.readouterr().err
