"""A whole period without boxes: repeatable, safe, and on the cabinets' own table."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.simulation.run import Job, Run, RunResult

pytest.importorskip("libsumo", reason="SUMO is not installed: pip install 'nutgiao[sim]'")

MIDNIGHT_S = 1_795_366_800.0


def job(folder: Path, begin_s: int, seconds: int) -> Job:
    return Job(
        sites=tuple(load_site(f"demo-j{k}") for k in (1, 2, 3)),
        folder=str(folder),
        seed=4,
        midnight_s=MIDNIGHT_S,
        begin_s=begin_s,
        measure_s=begin_s + 30,
        end_s=begin_s + seconds,
        boxes=False,
    )


def run(folder: Path, begin_s: int, seconds: int) -> RunResult:
    folder.mkdir()
    return Run(job(folder, begin_s, seconds), io.StringIO()).run()


def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    first, second = (run(tmp_path / name, 7 * 3600, 120) for name in ("a", "b"))
    same = [msgspec.structs.replace(result, wall_s=0.0) for result in (first, second)]
    assert same[0] == same[1]
    assert first.metrics.vehicles > 50
    assert len(first.standing) == 12
    assert first.flashed == ()


def test_the_cabinets_follow_their_table_through_a_change_of_plan(tmp_path: Path) -> None:
    shown: list[CabinetStatus] = []

    class Watched(Run):
        def _show(self, street, now):  # type: ignore[no-untyped-def]
            found = super()._show(street, now)
            shown.append(found["j1"])
            return found

    (tmp_path / "c").mkdir()
    result = Watched(job(tmp_path / "c", 9 * 3600 + 29 * 60, 420), io.StringIO()).run()
    assert result.flashed == ()
    assert shown[0].plan == "morning"
    assert shown[-1].plan == "midday"
    assert not shown[-1].in_transition
    site = load_site("demo-j1")
    assert site.signals is not None
    offset = next(row.offset_s for row in site.signals.time_of_day if row.id == "midday")
    assert shown[-1].boundary_s % shown[-1].cycle_s == offset
