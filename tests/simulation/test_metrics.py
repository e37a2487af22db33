from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.metrics import RunMetrics, run_metrics
from nutgiao.simulation.street import Street

BEGIN_S = 25_200.0
Open = Callable[..., Street]


def measure(street: Street, seconds: int, warm_up_s: float = 0.0) -> RunMetrics:
    with street:
        for _ in range(2 * seconds):
            street.step()
    end = BEGIN_S + seconds
    return run_metrics(
        street.tripinfo, street.statistics, BEGIN_S + warm_up_s, end, end, collisions=street.mishaps.collisions
    )


def test_who_never_gets_in_counts_with_his_whole_wait(open_street: Open) -> None:
    trucks = [(f"N1_{k}", "truck", 0.0, "N1_j1 j1_S1") for k in range(80)]
    found = measure(open_street(*trucks), 120)
    assert found.vehicles == 80
    assert found.inserted < 80  # the street holds about fifty while the lamp stays red
    outside = 80 - found.inserted
    assert found.mean_delay_s > outside * 119.0 / 80
    assert found.throughput_veh_per_h == 0.0


def test_side_street_is_told_by_origin_and_warm_up_is_left_out(open_street: Open) -> None:
    vehicles = [("W_0", "car", 0.0, "W_j1 j1_j2"), ("N1_0", "car", 5.0, "N1_j1 j1_S1")]
    found = measure(open_street(*vehicles, ("S1_0", "car", 35.0, "S1_j1 j1_N1")), 100, warm_up_s=30.0)
    assert found.vehicles == 1
    assert (found.worst_side_street, set(found.delay_by_origin_s)) == ("S1", {"S1"})
    assert found.stops_per_vehicle >= 1.0
    assert found.teleports == 0


def test_files_of_a_street_that_was_not_closed_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tripinfo.xml").write_text("<tripinfos>", encoding="utf-8")
    with pytest.raises(SimulationFailed, match="close the street"):
        run_metrics(tmp_path / "tripinfo.xml", tmp_path / "statistics.xml", 0.0, 1.0, 1.0, 0)
