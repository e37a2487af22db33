from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.changes import (
    HELP,
    Closure,
    DemandChange,
    DetectorFailure,
    MotorcycleShare,
    PlanChange,
    parse_change,
    parse_changes,
)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("plan=out/tls.add.xml", PlanChange(Path("out/tls.add.xml"))),
        ("demand=1.2", DemandChange(1.2)),
        ("close=28198821#3_0", Closure("28198821#3_0")),
        ("close=a@b", Closure("a@b")),
        ("close=28198821#3@07:15:00-07:45:00", Closure("28198821#3", 26_100.0, 27_900.0)),
        ("close=edge@60-120.5", Closure("edge", 60.0, 120.5)),
        ("detector-failure=all", DetectorFailure("all", True)),
        ("detector-failure=J1_0_D2.0:off", DetectorFailure("J1_0_D2.0", False)),
        ("motorcycles=0.8", MotorcycleShare(0.8)),
    ],
)
def test_a_change_is_read(text: str, change: object) -> None:
    assert parse_change(text) == change


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("speed=3", "there is no change 'speed'. One of plan, demand, close, detector-failure, motorcycles"),
        ("demand", "has no value"),
        ("demand=0", "the factor 0 is not above 0"),
        ("demand=-1.5", "the factor -1.5 is not above 0"),
        ("demand=nan", "is not above 0"),
        ("demand=much", "'much' is no number"),
        ("motorcycles=1.1", "the share 1.1 is not from 0 to 1"),
        ("close=e@20-10", "its end, 10 s, is not after its begin, 20 s"),
        ("close=e@1:2-10", "is no time"),
    ],
)
def test_a_change_that_cannot_be_read_says_why_and_what_would_do(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse_change(text)
    assert said in str(told.value)
    assert f"--change {text}" in str(told.value)
    assert told.value.cure


def test_what_there_can_be_only_one_of_may_not_come_twice_but_closures_may() -> None:
    assert len(parse_changes(["close=a", "close=b", "demand=2"])) == 3
    for twice in (["demand=2", "demand=3"], ["close=a", "close=a"], ["motorcycles=0.1", "motorcycles=0.2"]):
        with pytest.raises(ConfigError, match="comes twice"):
            parse_changes(twice)


def test_every_example_of_the_help_is_understood() -> None:
    examples = [word for line in HELP.splitlines() for word in line.split() if "=" in word and word[0].islower()]
    read = [word for word in examples if not any(name in word for name in ("FILE", "FACTOR", "LANE", "ID|", "SHARE"))]
    assert {type(parse_change(word)) for word in read} == {
        PlanChange, DemandChange, Closure, DetectorFailure, MotorcycleShare,
    }  # fmt: skip


@given(st.sampled_from(["demand=1.5", "close=e@10-20", "close=lane_0", "detector-failure=all:off", "motorcycles=0.25"]))
def test_a_change_written_down_is_read_as_the_same(text: str) -> None:
    assert parse_change(str(parse_change(text))) == parse_change(text)
