from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import plan_rivals, plans
from nutgiao.optimizer.search.moves import Plan
from nutgiao.simulation.frozen_routes import freeze
from nutgiao.simulation.signal_programs import shipped_programs
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
    webster = plan_rivals.cycle_adaptation(frozen, programs, tmp_path / "webster.add.xml")
    offsets = plan_rivals.coordinated(frozen, tmp_path / "offsets.add.xml", webster)
    acts = plan_rivals.actuated(programs, tmp_path / "actuated.add.xml")
    shipped = run_trial(street, (), 1).delay_s
    for extra in ([acts], [webster], [webster, offsets]):
        assert 0 < run_trial(street, (), 1, extra).delay_s < shipped
