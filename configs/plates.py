"""The door for plate files: reads the shipped one or a city's own and tells everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from nutgiao.configs.checked import checked, day_problem
from nutgiao.configs.document import Document
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.plates import PlateLaw
from nutgiao.models.vision.plates.grammar import PatternWrong, segments

SCHEMA = "nutgiao/plates/1"


def plate_law_path(country: str = "vn") -> Path:
    """The shipped file of a country."""
    return Path(str(resources.files("nutgiao.configs.law") / f"plates-{country}.yaml"))


def load_plate_law(path: Path | None = None) -> PlateLaw:
    """Reads and checks a plate file.

    Args:
        path: a city's own file; None takes Vietnam's shipped one.

    Returns:
        The forms, codes and colours.

    Raises:
        ConfigError: at the first thing that is wrong; further ones are its notes.
    """
    document = Document(path or plate_law_path(), begins=f"schema: {SCHEMA}")
    return checked(document, PlateLaw, _inconsistencies)


def _inconsistencies(law: PlateLaw) -> Iterator[Problem]:
    if law.schema != SCHEMA:
        yield Problem(("schema",), f"'{law.schema}' is not known.", f"Write {SCHEMA}.")
    for code in sorted(set(law.codes) & set(law.unused_codes)):
        yield Problem(("unused_codes",), f"{code} is also the code of a province.", "Keep it in one of the two.")
    seen: set[str] = set()
    for index, form in enumerate(law.forms):
        if form.id in seen:
            yield Problem(("forms", index, "id"), f"'{form.id}' is given twice.", "Give each form its own id.")
        seen.add(form.id)
        for key, day in (("valid_from", form.valid_from), ("valid_to", form.valid_to)):
            if day:
                yield from day_problem(day, ("forms", index, key), "2023-08-15")
        if form.valid_from and form.valid_to and form.valid_to < form.valid_from:
            problem = f"the form ends on {form.valid_to}, before it begins on {form.valid_from}."
            yield Problem(("forms", index, "valid_to"), problem, "Swap the two days.")
        try:
            for lines in form.lines:
                segments(law, form, lines)
        except PatternWrong as error:
            yield Problem(("forms", index, "shown"), str(error), error.cure)
