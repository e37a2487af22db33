"""Runs over TraCI, as on SUMO 1.9.2, but here on today's: what the lights see and do is as in a run with libsumo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import old_sumo
from benchmarks.plan_free import rule_of
from nutgiao.cli.controllers import kind_of
from nutgiao.simulation.control.drive import drive, loop
from nutgiao.simulation.variant import Setup
from tests.support.controlled_nets import street_with_odd_lights

NAME = "odd"


@pytest.mark.parametrize("controller", ["horizon", "max-wave"])
def test_a_run_over_traci_is_the_run_with_libsumo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, controller: str
) -> None:
    scenario = replace(street_with_odd_lights(tmp_path), step_s=1.0)
    monkeypatch.setattr(old_sumo, "fetch", lambda _: scenario)
    kind = kind_of(controller)
    outcome = old_sumo.run(old_sumo.Job(NAME, 1, controller, "perfect", kind.more_stages))
    trial = drive(
        Setup(scenario), 1, loop(kind.make, [kind.module], rule=rule_of(NAME), more_stages=kind.more_stages)
    ).trial
    assert outcome.true_s == pytest.approx(trial.delay_s, abs=0.05)
    assert (outcome.never_in, outcome.collisions) == (0, trial.collisions)
