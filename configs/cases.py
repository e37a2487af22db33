"""The door for files on the handling of cases: the shipped one or a city's own, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from nutgiao.configs.checked import checked, day_problem
from nutgiao.configs.document import Document
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.case_rules import CaseRules, period_problems

SCHEMA = "nutgiao/cases/1"


def case_rules_path(country: str = "vn") -> Path:
    """The shipped file of a country."""
    return Path(str(resources.files("nutgiao.configs.law") / f"cases-{country}.yaml"))


def load_case_rules(path: Path | None = None) -> CaseRules:
    """Reads and checks a file on the handling of cases.

    Args:
        path: a city's own file; None takes Viet Nam's shipped one.

    Returns:
        Time limits and what is checked.

    Raises:
        ConfigError: at the first thing that is wrong; further ones are its notes.
    """
    document = Document(path or case_rules_path(), begins=f"schema: {SCHEMA}")
    return checked(document, CaseRules, _inconsistencies)


def _inconsistencies(rules: CaseRules) -> Iterator[Problem]:
    if rules.schema != SCHEMA:
        yield Problem(("schema",), f"'{rules.schema}' is not known.", f"Write {SCHEMA}.")
    for index, period in enumerate(rules.periods):
        for key, day in (("valid_from", period.valid_from), ("valid_to", period.valid_to)):
            if day is not None:
                yield from day_problem(day, ("periods", index, key))
    for index, problem in period_problems(rules.periods):
        yield Problem(("periods", index, "valid_from"), problem, "Give each day one period.")
