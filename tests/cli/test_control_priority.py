"""`nutgiao control --priority`: who asks comes sooner, and what that costs the others is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_control import control, summary
from tests.cli.test_whatif import configured
from tests.support.junction_nets import NORTH_IN, SOUTH_OUT, vehicle

BUSES = (
    '<vType id="line" vClass="bus"/>',
    *(vehicle(f"b{n}", 30 * n + 9, f"{NORTH_IN} {SOUTH_OUT}", 'type="line" line="32"') for n in range(5)),
)


def test_buses_that_ask_are_told_apart_with_and_without_priority_and_kept_runs_say_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, out = configured(tmp_path, *BUSES, end_s=200.0), tmp_path / "out"
    words = ("--priority", "bus", "--more-stages", "0")
    assert control(config, out, *words) == 0
    found = summary(out)
    told = found["priority"]
    assert (told["kinds"], told["seeds"]) == (["bus"], [1, 2])
    assert told["states"].pop("completed") >= 6
    assert set(told["states"]) <= {"cooldown"}  # a bus every 30 s is one close behind the other
    assert told["asked_delay_s"]["with"] < told["asked_delay_s"]["without"]
    bus = told["vehicles"][0]
    assert (bus["vehicle"], bus["rides"], bus["rides_without"]) == ("bus", 10, 10)
    assert bus["lost_s"] < bus["lost_without_s"]
    assert told["refused_wishes"] == 0
    assert found["spent"]["sumo_runs"] == 6
    said = capsys.readouterr().out
    assert "delay of those who ask" in said
    assert "delay of all others" in said
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Priority for bus" in page
    assert "delay of all others" in page
    assert control(config, out, *words) == 0
    again = summary(out)
    assert again["spent"]["sumo_runs"] == 0
    assert again["priority"]["vehicles"] == told["vehicles"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--priority", "bus,tram"), "no vehicle class or type 'tram'"),
        (("--priority", ","), "no vehicle class or type"),
        (("--priority", "bus", "--controller", "max-wave"), "max-wave does not weigh vehicles"),
    ],
)
def test_priority_for_nobody_who_is_there_or_by_a_controller_that_cannot_is_refused(
    words: tuple[str, ...], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert control(configured(tmp_path, *BUSES, end_s=60.0), tmp_path / "out", *words) == 2
    assert problem in capsys.readouterr().err
