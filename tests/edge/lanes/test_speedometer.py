"""A speed is told with its interval, in the events and in the summary, or without one where it was hardly seen."""

from __future__ import annotations

import json
from pathlib import Path

from nutgiao.edge.lanes.crossing import Crossing
from nutgiao.edge.watch_files import WatchLog
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.speed import SpeedInterval


def test_events_carry_the_interval_and_the_summary_its_width(tmp_path: Path) -> None:
    measured = SpeedInterval(speed_mps=8.04, low_mps=7.2, high_mps=8.9, sd_mps=0.41, map_sd_mps=0.1)
    with WatchLog(tmp_path) as log:
        log.on_frame(1.0)
        assert log.speed_errors() == (None, None)
        log.on_crossing(Crossing(1.0, "north", "north_a", "t1", VehicleClass.CAR, 9.0, measured), "g1")
        log.on_crossing(Crossing(1.0, "north", "north_a", "t2", VehicleClass.CAR, 9.0), "g1")
        assert log.speed_errors() == (0.41, 0.1)
    sure, unsure = (json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines())
    assert (sure["speed_mps"], sure["speed_95_mps"]) == (8.04, [7.2, 8.9])
    assert unsure["speed_mps"] == 9.0
    assert "speed_95_mps" not in unsure
