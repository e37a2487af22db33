"""`nutgiao control --priority`: who asks comes sooner, and what that costs the others is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nutgiao.cli.control_priority import PERSONS, priority_lines
from nutgiao.models.contracts.priority import PriorityVehicle
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


def test_of_classes_that_ask_alike_the_first_one_says_how_many_persons_are_aboard() -> None:
    assert dict(PERSONS) == {
        PriorityVehicle.BUS: 30.0, PriorityVehicle.TRAM: 80.0,
        PriorityVehicle.CAR: 1.5, PriorityVehicle.MOTORCYCLE: 1.2,
    }  # fmt: skip


def test_what_nobody_did_is_not_told_as_a_nought() -> None:
    bus: dict[str, Any] = {
        "vehicle": "bus", "rides": 3, "rides_without": 0, "never_stood": 2, "never_stood_without": 0,
        "lost_s": 4.0, "lost_without_s": 0.0,
    }  # fmt: skip
    street = {"edge": "n-in", "vehicles": 40.0, "without_s": 9.0, "with_s": 8.0}
    body: dict[str, Any] = {
        "vehicles": [bus], "asked_delay_s": None, "others_delay_s": None, "worst_street": street, "states": {},
        "harm_person_s": 0.0,
    }  # fmt: skip
    ride, requests = priority_lines(body)
    assert ride == (
        "bus: 3 rides over the line with priority, 2 of them never stood before it; "
        "4.0 s were lost from request to line"
    )
    assert requests.startswith("requests: none")
    bus |= {"rides_without": 2, "never_stood_without": 1, "lost_without_s": 6.0}
    ride, worst, _ = priority_lines(body | {"worst_street": street | {"with_s": 9.5}})
    assert "never stood before it (1 of 2 without priority)" in ride
    assert ride.endswith("instead of 6.0 s")
    assert worst.startswith("street that loses most: n-in")


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
