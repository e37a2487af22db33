from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import plan_free, plan_rivals, plans
from nutgiao.optimizer.search.moves import Plan
from nutgiao.simulation.frozen_routes import freeze
from nutgiao.simulation.signal_programs import SignalProgram, shipped_programs
from nutgiao.simulation.trial import run_trial
from tests.support.plan_spaces import busy_street


def test_a_kept_plan_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "KEPT", tmp_path)
    assert plans.kept("cologne1") is None
    plans.keep("cologne1", Plan(np.array([30.0, 3.0]), np.array([4.0])), {"kernel_runs": 7})
    found = plans.kept("cologne1")
    assert found is not None
    assert (found.plan.stage_s.tolist(), found.plan.offset_s.tolist()) == ([30.0, 3.0], [4.0])
    assert found.spent["kernel_runs"] == 7


def test_a_kept_plan_with_another_amber_is_refused(tmp_path: Path) -> None:
    programs = shipped_programs(busy_street(tmp_path))
    with pytest.raises(ValueError, match="it is kept at 3 s"):
        plans.programs_of(programs, Plan(np.array([42.0, 2.0, 42.0, 3.0]), np.zeros(1)))


def test_sumos_own_tools_run_on_the_same_demand(tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    programs, frozen = shipped_programs(street), freeze(street, tmp_path / "frozen").scenario
    webster = plan_rivals.cycle_adaptation(frozen, plan_rivals.shipped_amber_s(programs), tmp_path / "webster.add.xml")
    offsets = plan_rivals.coordinated(frozen, tmp_path / "offsets.add.xml", webster)
    acts = plan_rivals.actuated(programs, tmp_path / "actuated.add.xml")
    shipped = run_trial(street, (), 1).delay_s
    for extra in ([acts], [webster], [webster, offsets]):
        assert 0 < run_trial(street, (), 1, extra).delay_s < shipped


def test_the_longest_cycle_of_a_tool_is_chosen_on_training_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_rivals, "CYCLES_S", (40, 80))
    street = busy_street(tmp_path)
    frozen = freeze(street, tmp_path / "frozen").scenario
    found = plan_rivals.tuned(street, frozen, 3, tmp_path, (101,), 1)
    assert found is not None
    file, cycle_s = found
    delays = {n: run_trial(street, (), 101, [tmp_path / f"webster-3-{n}.add.xml"]).delay_s for n in (40, 80)}
    assert cycle_s == min(delays, key=lambda n: delays[n])
    assert file.name == f"webster-3-{cycle_s}.add.xml"


def test_a_kept_plan_with_an_order_of_its_own_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_free, "KEPT_FREE", tmp_path)
    assert plan_free.kept_free("cologne1") is None
    programs = shipped_programs(busy_street(tmp_path))
    plan_free.keep_free("cologne1", programs, {"sumo_runs": 7})
    found = plan_free.kept_free("cologne1")
    assert found is not None
    assert found.programs == tuple(programs)
    assert found.spent["sumo_runs"] == 7


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([("GGgrrrGGgrrr", 20), ("yyyrrryyyrrr", 2), ("rrrGGgrrrGGg", 20), ("rrryyyrrryyy", 2)], "kept at 3 s"),
        ([("GGgrrrGGgrrr", 20), ("rrrGGgrrrGGg", 20)], "not those of the order"),
        ([("GGgrrrGGgrrr", 20), ("yyyrrryyyrrr", 3)], "not those of the order|leaves somebody"),
        ([("GGgrrrGGgrrr", 4), ("yyyrrryyyrrr", 3), ("rrrGGgrrrGGg", 20), ("rrryyyrrryyy", 3)], "outside 5"),
    ],
)
def test_a_kept_plan_that_breaks_the_rules_is_refused(stages: list[tuple[str, int]], said: str, tmp_path: Path) -> None:
    street = busy_street(tmp_path)
    good = SignalProgram(
        "A0", 0.0, (20.0, 3.0, 20.0, 3.0), ("GGgrrrGGgrrr", "yyyrrryyyrrr", "rrrGGgrrrGGg", "rrryyyrrryyy")
    )
    plan_free.check("busy", street, [good])
    bad = SignalProgram("A0", 0.0, tuple(float(s) for _, s in stages), tuple(state for state, _ in stages))
    with pytest.raises(ValueError, match=said):
        plan_free.check("busy", street, [bad])
