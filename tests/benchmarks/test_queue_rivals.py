from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import city as city_module
from benchmarks.c_twin import NoCompiler, Twin, build, compiler
from benchmarks.city import city_case, next_edges
from benchmarks.lane_case import Case
from benchmarks.queue_city import scaling
from benchmarks.queue_rivals import CBuilds, against_python
from nutgiao.models.queueing.network.tables import ENTERED, LEFT


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Case:
    """The made-up city with 3 by 4 junctions, crowded enough that lanes fill up."""
    monkeypatch.setattr(city_module, "ACROSS", 3)
    monkeypatch.setattr(city_module, "ALONG", 4)
    return city_case(1500, seconds=400)


@pytest.fixture
def twin(town: Case, tmp_path: Path) -> Twin:
    try:
        compiler()
    except NoCompiler as error:
        pytest.skip(str(error))
    return Twin(build(("-O2",), tmp_path), town.net, town.how, town.programs, town.demand, town.state)


def test_the_c_twin_gives_the_kernels_figures_to_the_last_bit(town: Case, twin: Twin) -> None:
    town.run()
    mine = town.figures()
    town.reset()
    twin.advance(town.stage_s, 0, town.seconds)
    assert np.array_equal(town.figures(), mine)
    assert town.state.clock[LEFT] > 100


def test_the_c_twin_goes_on_where_the_kernel_stopped(town: Case, twin: Twin) -> None:
    town.run()
    mine = town.figures()
    town.reset()
    twin.advance(town.stage_s, 0, 150)
    assert not np.array_equal(town.figures(), mine)
    twin.advance(town.stage_s, 150, town.seconds)
    assert np.array_equal(town.figures(), mine)


def test_the_uncompiled_loop_gives_the_same_figures(town: Case) -> None:
    row, (same,) = against_python(town, 60)
    assert row["vehicle_links"] > 50
    assert same["pass"]


def test_one_worker_and_two_give_the_same_figures(town: Case) -> None:
    row, targets = scaling(town, rounds=1, plans=3)
    assert row["largest_difference"] == 0.0
    assert targets[-1]["pass"]


def test_without_a_compiler_the_row_says_so_and_the_target_is_missed(
    town: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    row, (missed,) = CBuilds(tmp_path).against(town, 1)
    assert "no-such-compiler" in row["missing"]
    assert missed["value"] is None
    assert not missed["pass"]


def test_every_edge_of_the_city_is_fed_by_three(town: Case) -> None:
    assert np.bincount(next_edges().ravel(), minlength=48).tolist() == [3] * 48
    assert len(town.net.lanes) == 144
    town.run()
    assert town.state.clock[ENTERED] > 500
