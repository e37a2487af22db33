"""The file on the handling of cases: the shipped one holds, and a wrong one is told with line, key and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from nutgiao.configs.cases import case_rules_path, load_case_rules
from nutgiao.models.contracts.errors import ConfigError


def test_the_shipped_rules_say_what_nobody_has_confirmed() -> None:
    [period] = load_case_rules().periods
    assert (period.sanction_days, period.undecided_days) == (365, 75)
    assert "sanction_days" in period.unsure


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sanction_days: 365", "sanction_days: 0", "sanction_days"),
        ("two_person: false", "two_persons: true", "two_persons"),
        ('valid_from: "2025-01-01"', 'valid_from: "2025-02-30"', "there is no day 2025-02-30"),
        ('"2025-01-01"', '"2025-01-01"\n    valid_to: "2024-01-01"', "before it begins"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(case_rules_path().read_text().replace(old, new, 1))
    with pytest.raises(ConfigError, match=told) as wrong:
        load_case_rules(path)
    assert wrong.value.line is not None
