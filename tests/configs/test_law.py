"""The law as dated data: the day of the act decides, doubts are told, and a wrong catalogue is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from nutgiao.cli.main import main
from nutgiao.configs.law_catalogue import law_of, law_path, load_law
from nutgiao.configs.loader import load_site, site_path
from nutgiao.edge.violation.registry import OWN, rule_problems
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.hours import Hours, Weekday, holds, local_time
from nutgiao.models.contracts.words import VehicleClass, ViolationKind

CAR, MOTORCYCLE = VehicleClass.CAR, VehicleClass.MOTORCYCLE
DAY = "2026-07-01"
SHIPPED = YAML(typ="safe").load(law_path())


def written(folder: Path, change: Callable[[Any], None]) -> Path:
    body = copy.deepcopy(SHIPPED)
    change(body)
    path = folder / "law.yaml"
    YAML().dump(body, path)
    return path


def test_a_red_light_costs_what_the_law_of_the_day_says() -> None:
    law = load_law()
    car, rider = law.entry("red_light", CAR, DAY), law.entry("red_light", MOTORCYCLE, DAY)
    assert car is not None
    assert rider is not None
    assert (car.fine, car.points, rider.fine, rider.points) == ((18_000_000, 20_000_000), 4, (4_000_000, 6_000_000), 4)
    assert law.entry("red_light", CAR, "2024-12-31") is None  # an older decree, which is not in the catalogue
    assert law.entry("red_light", VehicleClass.PEDESTRIAN, DAY) is None


def test_a_law_that_was_not_read_makes_every_entry_unsure_from_its_day_on() -> None:
    law = load_law()
    before, after = (law.entry("wrong_way", CAR, day) for day in ("2026-08-14", "2026-08-15"))
    assert before is not None
    assert after is not None
    assert before.unsure == ""
    assert "238/2026" in after.unsure


@pytest.mark.parametrize(("over", "points"), [(4.9, None), (5.0, 0), (10.0, 2), (20.0, 4), (34.9, 4), (35.0, 6)])
def test_the_fine_for_speed_hangs_on_the_proved_excess(over: float, points: int | None) -> None:
    entry = load_law().entry("speed", CAR, DAY, {"over_limit_kmh": over})
    assert (None if entry is None else entry.points) == points
    assert load_law().entry("speed", CAR, DAY) is None


def test_every_rule_of_ours_has_a_name_in_the_shipped_catalogue_and_every_entry_a_rule() -> None:
    law = load_law()
    assert set(law.acts) == {kind.value for kind in ViolationKind} >= set(OWN)
    assert {entry.kind for entry in law.entries} == set(law.acts)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda body: body["entries"].append(body["entries"][0]), "both hold for 'red_light' by bus, car, truck"),
        (lambda body: body["entries"][0].update(valid_to="2024-06-01"), "before it begins"),
        (lambda body: body["entries"][0].update(valid_from="2025-02-30"), "there is no day 2025-02-30"),
        (lambda body: body["entries"][0].update(fine=[5, 3]), "5 is more than 3"),
        (lambda body: body["acts"].pop("red_light"), "has no name under 'acts'"),
        (lambda body: body["entries"][0].update(artikel="1"), "there is no such key"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_line_and_key(
    tmp_path: Path, change: Callable[[Any], None], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem) as error:
        load_law(written(tmp_path, change))
    assert error.value.line is not None


def test_a_later_decree_may_follow_the_day_after(tmp_path: Path) -> None:
    def follow(body: Any) -> None:
        later = {**body["entries"][0], "valid_from": "2027-01-01", "fine": [1, 2]}
        body["entries"][0]["valid_to"] = "2026-12-31"
        body["entries"].append(later)

    law = load_law(written(tmp_path, follow))
    fines = [law.entry("red_light", CAR, day) for day in ("2026-12-31", "2027-01-01")]
    assert [entry and entry.fine for entry in fines] == [(18_000_000, 20_000_000), (1, 2)]


def test_a_site_names_its_own_catalogue_beside_its_file(tmp_path: Path) -> None:
    written(tmp_path, lambda body: body["entries"].__delitem__(slice(1, None)))
    text = site_path("demo-j1").read_text(encoding="utf-8")
    (tmp_path / "site.yaml").write_text(text + "\nlaw: law.yaml\n", encoding="utf-8")
    assert len(law_of(load_site(tmp_path / "site.yaml")).entries) == 1
    assert len(law_of(load_site("demo-j1")).entries) > 30


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (
            "[{kind: red_lihgt}]",
            r"site.yaml:\d+ at 'rules\[0\].kind': there is no rule 'red_lihgt'. Did you mean 'red_light'",
        ),
        (
            "[{kind: red_light, figures: {grase_s: 1}}]",
            r"figures.grase_s': the rule 'red_light' has no figure .* 'grace_s'",
        ),
        ("[{kind: city.horn}]", "no installed package brings the rule 'city.horn'"),
        ("[{kind: bus_lane}]", "nothing to watch at this site. Give 'only'"),
        ("[{kind: red_light}, {kind: red_light}]", "is there twice"),
        ("[{kind: red_light, approaches: [nowhere]}]", "there is no approach 'nowhere'"),
        ("[{kind: red_light, hours: [{first: '2026-02-30'}]}]", "there is no day 2026-02-30"),
    ],
)
def test_a_rule_that_there_is_none_of_is_told_with_file_line_and_cure(tmp_path: Path, rules: str, problem: str) -> None:
    text = site_path("demo-j1").read_text(encoding="utf-8")
    (tmp_path / "site.yaml").write_text(f"{text}\nrules: {rules}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=problem):
        load_site(tmp_path / "site.yaml", also=rule_problems)


def test_the_command_shows_the_day_s_entries(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["law", "show", "--day", "2026-09-01", "--kind", "speed"]) == 0
    shown = capsys.readouterr().out
    assert "Art. 6(7)(a): 12,000,000 to 14,000,000 VND; 6 points" in shown
    assert "every entry is unsure: Decree 238/2026" in shown
    assert main(["law", "show", "--day", "2020-01-01"]) == 1
    assert main(["law", "show", "--kind", "spead"]) == 2


# hours of signs


@settings(max_examples=200)
@given(
    time_s=st.floats(0.0, 2e9),
    start=st.integers(0, 1439),
    end=st.integers(0, 1440),
    days=st.sets(st.sampled_from(Weekday)),
)
def test_hours_hold_where_their_minutes_of_the_week_do(time_s: float, start: int, end: int, days: set[Weekday]) -> None:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    hours = Hours(start=clock(start), end=clock(end), days=tuple(days))
    local_min = int((time_s + 7 * 3600) // 60)
    long = (end - start) if end > start else end - start + 1440
    begun = [day * 1440 + start for day in range(local_min // 1440 - 1, local_min // 1440 + 1)]
    expected = any(
        begin <= local_min < begin + long and (not days or tuple(Weekday)[(begin // 1440 + 3) % 7] in days)
        for begin in begun
    )
    assert holds((hours,), time_s, 7.0) == expected


def test_a_sign_holds_from_its_first_day_to_its_last_in_local_time() -> None:
    sign, new_year_s = Hours(first="2026-01-01", last="2026-01-01"), 1_767_225_600.0  # midnight in London
    assert local_time(new_year_s, 7.0) == ("2026-01-01", Weekday.THU, "07:00")
    assert [holds((sign,), new_year_s + 3600.0 * h, 7.0) for h in (-7.1, -6.9, 16.9, 17.1)] == [
        False,
        True,
        True,
        False,
    ]
    assert holds((), new_year_s, 7.0)
