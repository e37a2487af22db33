from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from nutgiao.simulation.demand import WORKDAY, make_demand

MORNING_S = 7 * 3600.0


def test_same_seed_gives_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    texts = [
        make_demand(seed, MORNING_S, MORNING_S + 600, WORKDAY, tmp_path / str(k)).read_bytes()
        for k, seed in enumerate((7, 7, 8))
    ]
    assert texts[0] == texts[1] != texts[2]


def test_four_of_five_vehicles_are_motorcycles(tmp_path: Path) -> None:
    text = make_demand(1, MORNING_S, MORNING_S + 1500, WORKDAY, tmp_path).read_text(encoding="utf-8")
    kinds = Counter(kind.split("_")[0] for kind in re.findall(r'<vehicle id="[^"]+" type="([^"]+)"', text))
    assert 0.76 < kinds["motorcycle"] / kinds.total() < 0.84
    assert {"car", "bus", "truck", "bicycle"} <= set(kinds)
    assert "<person " in text


def test_morning_peak_runs_west_to_east(tmp_path: Path) -> None:
    text = make_demand(1, MORNING_S, MORNING_S + 1500, WORKDAY, tmp_path).read_text(encoding="utf-8")
    assert text.count('<vehicle id="W_') > 1.5 * text.count('<vehicle id="E_')


def test_departures_stay_inside_the_period_in_order(tmp_path: Path) -> None:
    text = make_demand(3, MORNING_S, MORNING_S + 300, WORKDAY, tmp_path).read_text(encoding="utf-8")
    times = [float(t) for t in re.findall(r'depart="([^"]+)"', text)]
    assert times == sorted(times)
    assert times[0] >= MORNING_S
    assert times[-1] <= MORNING_S + 300
