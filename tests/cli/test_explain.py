"""`nutgiao control explain`: an operator reads in a terminal why a light did what it did."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nutgiao.cli import main as cli
from nutgiao.cli.arguments import clock, moment
from nutgiao.cli.explain_words import LANGUAGES
from nutgiao.models.contracts.decision import Basis, Decision, Late, LinkSeen, Option, Outcome, Reason
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.simulation import pools
from nutgiao.simulation.control.decision_log import LogWriter, log_path, part_of, read_log
from tests.cli.test_control import control
from tests.cli.test_whatif import configured
from tests.support.decisions import HEADER, NORTH, WALK, WEST, decision, seconds

AT = "07:00:30"


def logged(folder: Path, *special: Decision, whole: bool = True, count: int = 120, seed: int = 1) -> Path:
    """A folder whose log tells special decisions from second 30 on."""
    log = LogWriter(log_path(folder, seed))
    log.write(HEADER)
    for second in seconds(count, *enumerate(special, 30)):
        log.write(second)
    log.close(whole)
    return folder


def explain(out: Path, *words: str) -> int:
    return cli.main(["control", "explain", str(out), *words])


def told(out: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert explain(out, "--light", "cluster_7", "--at", AT, *words) == 0
    return capsys.readouterr().out


def test_it_tells_what_was_seen_considered_forbidden_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(logged(tmp_path), capsys)
    for words in (
        "busy, horizon with camera detection, seed 1 (nutgiao 0.1, SUMO 1.28)",
        "Light cluster_7 at 07:00:30 (second 25230)",
        "Stage 1 stays: to keep it is the best way (cost 20.0); to change to stage 2 at once would be worse by 13.2.",
        "west: w-in (Kim Mã); north: n-in",
        "Stage 1, green for 12 s: west ↑.",
        "What was considered (11 ways; cost",
        "Nothing: nobody was overdue, and the guard forbade nothing.",
        "Keeps stage 1.\nGrr",
    ):
        assert words in text
    rows = [line.split() for line in text.splitlines()]
    assert ["west,", "straight", "on", "green", "3", "1", "4.5", "s", "12"] in rows
    assert ["stage", "2", "in", "4", "s", "north", "↰", "31.5", "11.5", "33.2"] in rows
    assert ["keep", "stage", "1", "west", "↑", "20.0"] in rows


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            decision(options=(Option(1, 4.0, 10.0, 0.0, 12.0, 10), Option(0, None, 15.0, 61.0, 15.0, 1))),
            "Stage 1 stays for now: stage 2 in 4 s is the best way (cost 10.0); to change to stage 2 at once would be "
            "worse by 2.0.",
        ),
        (
            decision(
                options=(Option(1, 0.0, 10.0, 0.0, 10.0, 10), Option(0, None, 15.0, 61.0, 15.0, 1)),
                wish=1, outcome=Outcome.BEGINS, then_coming=1,
            ),
            "Stage 2 now is the best way (cost 10.0); the next best, keep stage 1, is worse by 5.0.",
        ),
        (decision(wish=1, outcome=Outcome.BEGINS, then_coming=1), "yet it wished stage 2, bound by its plan"),
        (
            decision(green_s=2.0, wish=1, outcome=Outcome.LEAST_GREEN),
            "Stage 1 has been green for 2 s of at least 5 s, so it stays.",
        ),
        (
            decision(coming=1, left_s=2.0, options=(), outcome=Outcome.CHANGE_RUNS, then_coming=1),
            "The change to stage 2 runs and goes on; no wish can turn it round.",
        ),
        (
            decision(late=Late(WALK, 90.0, 90.0, 2), outcome=Outcome.BEGINS, then_coming=2),
            "Crossing south was red for 90 s (longest red: 90 s): stage 3 in place of the wished stage 1.",
        ),
        (
            decision(
                wish=1, outcome=Outcome.REFUSED,
                refused=(Refusal(rule=Rule.INTERGREEN, reason="2 s between 0 and 1", cure="leave 4 s"),),
            ),
            "The guard forbade stage 2 (intergreen): 2 s between 0 and 1; leave 4 s.",
        ),
        (decision(options=()), "The controller wished stage 1 and considered nothing in this second."),
        (
            decision(options=(), reasons=(Reason(Basis.EXTENDED, 0, None, 1.5, 3.0),)),
            "Stage 1 stays: the next vehicle is 1.5 s from its line, less than the gap of 3 s.",
        ),
        (
            decision(
                options=(), wish=1, outcome=Outcome.BEGINS, then_coming=1,
                reasons=(Reason(Basis.GAP_OUT, 2, None, None, 3.0), Reason(Basis.ORDER, 2, 1)),
            ),
            "Stage 3 is wished: on stage 1 nobody comes (gap-out), and stage 3 is waited for; the plan's frame does "
            "not let stage 3 follow now: stage 2 is next.",
        ),
        (decision(seen=()), "Nobody was on the way."),
        (decision(seen=(LinkSeen(NORTH, 2, 0, None, 2.0, 1.0, 8.0, 44.0),)), "held up, for 8 s more, no room"),
        (decision(seen=(LinkSeen(WEST, 2, 0, None, 62.0, 9.0, 0.0, 0.0),)), "weight"),
    ],
)  # fmt: skip
def test_each_reason_has_its_sentence(
    one: Decision, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in told(logged(tmp_path, one), capsys)


def test_in_vietnamese_nothing_is_left_in_english(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = decision(late=Late(WALK, 90.0, 90.0, 2), wish=0, outcome=Outcome.BEGINS, then_coming=2)
    text = told(logged(tmp_path, one), capsys, "--lang", "vi", "--around", "2")
    assert "Đèn cluster_7 lúc 07:00:30" in text
    assert "Lối đi bộ phía Nam đã đỏ 90 s (đỏ lâu nhất: 90 s): pha 3 thay cho pha 1 đã muốn." in text
    for word in (" the ", "stage", "green", "cost", "nobody", "Light"):
        assert word not in text


def test_without_a_light_all_are_listed_and_around_it_second_by_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = logged(tmp_path, decision(wish=1, outcome=Outcome.BEGINS, then_coming=1))
    assert explain(out, "--at", "25230") == 0
    assert "cluster_7   stage 1, 12 s   changes to stage 2" in capsys.readouterr().out
    text = told(out, capsys, "--around", "2")
    clocks = [line.split()[0] for line in text.splitlines() if line.startswith("07:00:")]
    assert clocks == ["07:00:28", "07:00:29", "07:00:30", "07:00:31", "07:00:32"]


def test_the_beginning_of_a_lights_long_name_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(logged(tmp_path), "--at", AT, "--light", "clus") == 0
    assert "Light cluster_7 at" in capsys.readouterr().out


def test_programs_get_json_with_names_in_place_of_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = logged(tmp_path)
    assert explain(out, "--at", AT, "--json", "--around", "1") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (found["controller"], found["seed"], len(found["decisions"])) == ("horizon", 1, 3)
    one = found["decisions"][1]
    assert (one["at_s"], one["light"], one["outcome"], one["margin"]) == (25230.0, "cluster_7", "stays", 13.25)
    assert one["seen"][0]["way"]["origin"] == "w-in"
    assert one["options"][1] == {
        "stage": 1, "hold_s": 4.0, "figure": 31.5, "soonest_s": 0.0, "soonest": 33.25, "scripts": 10,
    }  # fmt: skip


def test_a_log_that_breaks_off_is_told_as_far_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = logged(tmp_path, whole=False, count=90)
    assert "The run goes on or broke off" in told(out, capsys)
    assert explain(out, "--at", "07:01:45") == 2
    assert "does not hold 07:01:45 (25305 s). It goes from 07:00:00 (25200 s) to 07:01:29" in capsys.readouterr().err
    assert part_of(log_path(out, 1)).exists()


def test_the_end_of_a_log_that_breaks_off_is_told_whichever_second_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "its log ends at 07:01:29." in told(logged(tmp_path, whole=False, count=90), capsys)


@pytest.mark.parametrize("words", [("--at", "06:59:58"), ("--at", "06:59:58", "--around", "5")])
def test_who_asks_for_a_second_before_the_begin_is_told_the_whole_range(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(logged(tmp_path), *words) == 2
    assert "It goes from 07:00:00 (25200 s) to 07:01:59 (25319 s)." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", AT, "--light", "cluster_8"), "has no light 'cluster_8' that is set second by second. Did you mean"),
        (("--at", AT, "--light", "zzz"), "It has cluster_7."),
        (("--at", "08:00:00"), "It goes from 07:00:00 (25200 s) to 07:01:59 (25319 s)."),
        (("--at", AT, "--seed", "3"), "holds no log of seed 3. Take one of those there are (1, 2), or run"),
    ],
)
def test_what_is_not_there_is_told_with_the_cure(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged(tmp_path, seed=2)
    assert explain(logged(tmp_path), *words) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_a_log_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(tmp_path, "--at", AT) == 2
    assert f"Run `nutgiao control SCENARIO --out {tmp_path}` once more" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "at_s"), [("08:12:30", 29550.0), ("08:12", 29520.0), ("29550", 29550.0)])
def test_a_second_is_given_by_the_clock_or_as_a_number(text: str, at_s: float) -> None:
    assert moment(text) == at_s


@pytest.mark.parametrize(("at_s", "text"), [(29550.9, "08:12:30"), (90_061.0, "25:01:01")])
def test_the_clock_leaves_parts_of_a_second_out_and_goes_on_after_midnight(at_s: float, text: str) -> None:
    assert clock(at_s) == text


@pytest.mark.parametrize("text", ["noon", "8:61:00", "-3", ""])
def test_what_is_no_time_is_wrong_use(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        explain(tmp_path, f"--at={text}")
    assert end.value.code == 2


def test_a_scenario_may_be_called_explain_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["control", os.path.join(".", "explain"), "--out", "out"]) == 2
    assert "explain: does not exist" in capsys.readouterr().err


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("street")
    config = configured(folder, end_s=60.0)
    assert control(config, folder / "out") == 0
    return config, folder / "out"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_can_be_explained_at_every_second(
    language: str, done: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    header, found = read_log(log_path(done[1], 1))
    assert (header.controller, header.detection) == ("horizon", "perfect")
    for second in found:
        assert explain(done[1], "--light", "A0", "--at", f"{second.at_s:g}", "--lang", language) == 0
    assert "A0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("controller", "mode", "rules"),
    [
        ("actuated", "free", {"extended", "gap_out", "rests"}),
        ("actuated", "cycle", {"extended", "rests", "early"}),
        ("actuated", "coordinated", {"extended", "rests"}),
        ("fixed", "fixed", {"plan"}),
    ],
)
def test_a_controller_without_figures_tells_its_rule_in_every_second(
    controller: str, mode: str, rules: set[str], done: tuple[Path, Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert control(done[0], tmp_path, "--controller", controller, "--mode", mode) == 0
    _, found = read_log(log_path(tmp_path, 1))
    told: set[str] = set()
    for second in found:
        for one in second.lights:
            if one.coming < 0:
                assert one.reasons, "no second without a rule"
                assert one.reasons[-1].stage == one.wish or one.reasons[-1].basis in {Basis.EARLY, Basis.ORDER}
                told |= {reason.basis.value for reason in one.reasons}
    assert rules <= told
    for language in LANGUAGES:
        assert explain(tmp_path, "--light", "A0", "--at", "40", "--lang", language) == 0
        words = capsys.readouterr().out
        assert "considered nothing" not in words
        assert "Nothing in this second" not in words


def test_the_first_seed_is_logged_and_with_explain_all_are_though_their_results_are_kept(
    done: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = done
    assert [log_path(out, seed).exists() for seed in (1, 2)] == [True, False]
    assert control(config, out, "--explain") == 0
    assert log_path(out, 2).exists()
    assert json.loads((out / "summary.json").read_text())["spent"]["sumo_runs"] == 1
    monkeypatch.setattr(pools.LocalPool, "submit", lambda *_: pytest.fail("a run is made"))
    assert control(config, out, "--explain") == 0


def test_a_log_that_was_removed_is_made_again_by_the_same_command(done: tuple[Path, Path]) -> None:
    config, out = done
    before = log_path(out, 1).read_bytes()
    log_path(out, 1).unlink()
    assert control(config, out) == 0
    assert log_path(out, 1).read_bytes() == before


def test_another_controller_does_not_leave_the_log_of_the_one_before(done: tuple[Path, Path]) -> None:
    config, out = done
    assert control(config, out, "--controller", "max-wave") == 0
    assert read_log(log_path(out, 1))[0].controller == "max-wave"
