"""The demo's street with the boxes' own code: adaptive control keeps every rule, and is told who comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.adaptive_street import Box, LocalBoxes, broken_rules, person_delay, run_street
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.words import ControlSource
from nutgiao.simulation.run import Job

pytest.importorskip("libsumo", reason="SUMO is not installed: pip install 'nutgiao[sim]'")

BEGIN_S = 7 * 3600


def test_boxes_that_choose_stages_keep_every_rule_and_nobody_stands_for_ever(tmp_path: Path) -> None:
    sites = tuple(load_site(f"demo-j{k}") for k in (1, 2, 3))
    job = Job(
        sites=sites, folder=str(tmp_path), seed=5, midnight_s=1_795_366_800.0, begin_s=BEGIN_S,
        measure_s=BEGIN_S + 60, end_s=BEGIN_S + 240, boxes=True,
    )  # fmt: skip
    boxes = {site.id: Box(site) for site in sites}
    link = LocalBoxes(boxes)
    result = run_street(job, link)
    assert result.flashed == ()
    for site in sites:
        shown = link.shown[site.id]
        assert broken_rules(site, shown) == 0
        assert sum(one.source is ControlSource.ADAPTIVE for one in shown) > 200
        assert {one.stage for one in shown} == set(range(len(site.signals.stages if site.signals else ())))
        assert any(one.calls for one in shown)  # somebody has pressed a button
        assert boxes[site.id].adaptive.neighbours.stale(job.midnight_s + job.end_s) == ()
    assert person_delay(tmp_path / "tripinfo.xml", job.measure_s, job.end_s).mean_s < 60.0
