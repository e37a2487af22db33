"""A box that restarts: the plan that it kept on disk is taken up again through the guard, or told and ignored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.models.contracts.messages import PlanProposal, decode, encode
from nutgiao.models.contracts.plan import local_plan
from nutgiao.models.contracts.safety import Rule
from nutgiao.models.contracts.words import ControlSource
from nutgiao.simulation.cabinet import Cabinet
from tests.support.crossroads import crossroads, plan_for
from tests.support.guarded import Junction

CENTRAL, TIME_OF_DAY = ControlSource.CENTRAL, ControlSource.TIME_OF_DAY
KEPT = "plan.json"


def on_the_centre_s_plan(folder: Path, life_s: float = 900.0) -> Junction:
    junction = Junction(crossroads(), key=Ed25519PrivateKey.generate(), kept=folder / KEPT)
    junction.run(5)
    plan = plan_for(junction.site, (50, 30), offset_s=37, revision=7, now_s=junction.now_s, life_s=life_s)
    (answer,) = junction.second(plan)
    assert not answer.verdict.refusals
    junction.run(300)
    assert (junction.ladder.standing(junction.shown), junction.shown.in_transition) == (CENTRAL, False)
    return junction


def test_a_box_that_restarts_takes_its_plan_up_again_and_changes_no_lamp(tmp_path: Path) -> None:
    junction = on_the_centre_s_plan(tmp_path)
    asked, expires_s = len(junction.requests), junction.begin_s + 905
    junction.restart()
    while junction.now_s < expires_s:
        junction.second()
        assert (junction.ladder.standing(junction.shown), junction.shown.plan) == (CENTRAL, "c7")
    assert len(junction.requests) == asked, "the cabinet runs it: there is nothing to ask for"
    junction.until(lambda: junction.ladder.standing(junction.shown) is TIME_OF_DAY, 200)
    junction.run(200)
    assert junction.shown.plan == "day", "a plan that was taken up again ends when it ends"
    assert junction.broken() == []


def test_after_a_power_cut_at_the_whole_junction_the_cabinet_is_asked_for_the_plan_again(tmp_path: Path) -> None:
    junction = on_the_centre_s_plan(tmp_path)
    row = local_plan(junction.site.id, junction.signals, "", junction.signals.time_of_day[1])
    junction.cabinet = Cabinet(junction.signals, row, junction.now_s + 60)
    junction.now_s += 60
    junction.shown, junction.lamps = junction.cabinet.tick(junction.now_s), []
    junction.restart()
    junction.until(lambda: junction.shown.plan == "c7" and not junction.shown.in_transition, 400)
    assert (junction.now_s - junction.shown.cycle_second_s) % junction.shown.cycle_s == 37
    assert junction.broken() == []


def other_site(proposal: PlanProposal) -> bytes:
    return encode(msgspec.structs.replace(proposal, plan=msgspec.structs.replace(proposal.plan, site_hash="0" * 16)))


def longer(proposal: PlanProposal) -> bytes:
    """Whoever has the disk writes a later end into the plan."""
    return encode(msgspec.structs.replace(proposal, plan=msgspec.structs.replace(proposal.plan, expires_s=9e9)))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda proposal: encode(proposal)[:100], "cannot be read"),
        (lambda proposal: b"\x00\xff" * 40, "cannot be read"),
        (longer, "not signed by the centre"),
        (other_site, "not signed by the centre"),
        (lambda proposal: b'{"schema":"nutgiao/centre/1"}', "cannot be read"),
    ],
)
def test_a_kept_plan_that_is_not_what_the_centre_signed_is_told_and_ignored(
    tmp_path: Path, spoil: Callable[[PlanProposal], bytes], told: str
) -> None:
    junction = on_the_centre_s_plan(tmp_path)
    proposal = decode((tmp_path / KEPT).read_bytes())
    assert isinstance(proposal, PlanProposal)
    (tmp_path / KEPT).write_bytes(spoil(proposal))
    junction.restart()
    junction.run(1)
    assert junction.ladder.rungs.rung is TIME_OF_DAY
    assert junction.ladder.rungs.reason.startswith("no valid plan of the centre: the one kept over the restart")
    assert told in junction.ladder.rungs.reason
    junction.run(300)
    assert junction.shown.plan == "day"
    later = plan_for(junction.site, (50, 30), offset_s=37, revision=8, now_s=junction.now_s)
    assert not junction.second(later)[0].verdict.refusals
    junction.until(lambda: junction.ladder.standing(junction.shown) is CENTRAL, 200)
    assert junction.ladder.rungs.reason == ""


def test_a_plan_made_for_the_junction_before_it_was_rebuilt_is_not_taken_up(tmp_path: Path) -> None:
    junction = on_the_centre_s_plan(tmp_path)
    groups = (msgspec.structs.replace(junction.signals.groups[0], min_green_s=12), *junction.signals.groups[1:])
    signals = msgspec.structs.replace(junction.signals, groups=groups)
    junction.site = msgspec.structs.replace(junction.site, signals=signals)
    junction.restart()
    junction.run(1)
    assert junction.ladder.rungs.rung is TIME_OF_DAY
    assert "made for x1/" in junction.ladder.rungs.reason


def test_a_plan_that_ran_out_while_the_box_was_off_is_not_taken_up_and_no_older_one_either(tmp_path: Path) -> None:
    junction = on_the_centre_s_plan(tmp_path)
    junction.silent, junction.link = True, False
    junction.run(700)
    junction.silent, junction.link = False, True
    junction.restart()
    junction.until(lambda: junction.shown.plan == "day", 300)
    assert "expire" in junction.ladder.rungs.reason
    replayed = plan_for(junction.site, (50, 30), offset_s=37, revision=6, now_s=junction.now_s)
    (answer,) = junction.second(replayed)
    assert [refusal.rule for refusal in answer.verdict.refusals] == [Rule.REVISION]


def test_a_kept_plan_waits_until_the_time_is_known(tmp_path: Path) -> None:
    junction = on_the_centre_s_plan(tmp_path, life_s=1500.0)
    junction.restart()
    junction.wrong_s = -int(1.7e9)  # no battery in the clock: 1970
    junction.run(10)
    assert "the clock is not set" in junction.ladder.rungs.reason
    junction.wrong_s = 0
    junction.until(lambda: junction.ladder.standing(junction.shown) is CENTRAL, 400)
    assert junction.shown.plan == "c7"
    assert junction.broken() == []


def test_a_full_disk_is_told_and_the_plan_runs_all_the_same(tmp_path: Path) -> None:
    junction = Junction(crossroads(), kept=tmp_path / "no such folder" / KEPT)
    junction.run(5)
    junction.second(plan_for(junction.site, (50, 30), now_s=junction.now_s))
    (told,) = junction.ladder.troubles
    assert told.startswith("the plan of the centre cannot be kept on disk")
    junction.until(lambda: junction.shown.plan == "c1", 200)
