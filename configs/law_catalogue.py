"""The door for law catalogues: reads the shipped one or a site's own and tells everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from itertools import combinations
from pathlib import Path

from nutgiao.configs.checked import checked, day_problem
from nutgiao.configs.document import Document
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.law import LAW_SCHEMA, LawCatalogue
from nutgiao.models.contracts.site import Site


def law_path(country: str = "vn") -> Path:
    """The shipped catalogue of a country."""
    return Path(str(resources.files("nutgiao.configs.law") / f"violations-{country}.yaml"))


def load_law(path: Path | None = None) -> LawCatalogue:
    """Reads and checks a catalogue.

    Args:
        path: a city's or a site's own file; None takes Vietnam's shipped one.

    Returns:
        The catalogue: every day exists, and no act falls under two entries.

    Raises:
        ConfigError: at the first thing that is wrong; further ones are its notes.
    """
    document = Document(path or law_path(), begins=f"schema: {LAW_SCHEMA}")
    return checked(document, LawCatalogue, _inconsistencies)


def law_of(site: Site) -> LawCatalogue:
    """The catalogue that a loaded site names, or the shipped one.

    Raises:
        ConfigError: if the catalogue is missing or wrong.
    """
    return load_law(None if site.law is None else Path(site.law))


def _inconsistencies(law: LawCatalogue) -> Iterator[Problem]:
    for k, unread in enumerate(law.unread):
        yield from day_problem(unread.since, ("unread", k, "since"))
    for k, entry in enumerate(law.entries):
        here = ("entries", k)
        yield from day_problem(entry.valid_from, (*here, "valid_from"))
        if entry.kind not in law.acts:
            cure = "Add what it is called in Vietnamese and English."
            yield Problem((*here, "kind"), f"'{entry.kind}' has no name under 'acts'.", cure)
        if entry.valid_to is not None:
            yield from day_problem(entry.valid_to, (*here, "valid_to"))
            if entry.valid_to < entry.valid_from:
                problem = f"it ends on {entry.valid_to}, before it begins on {entry.valid_from}."
                yield Problem((*here, "valid_to"), problem, "Swap the two days.")
        if entry.fine[1] < entry.fine[0]:
            yield Problem((*here, "fine"), f"{entry.fine[0]} is more than {entry.fine[1]}.", "Swap the two amounts.")
        tier = entry.tier
        if tier is not None and tier.below is not None and tier.below <= tier.least:
            yield Problem((*here, "tier"), f"nothing is at least {tier.least:g} and below {tier.below:g}.")
    for (_, one), (k, other) in combinations(enumerate(law.entries), 2):
        if one.meets(other):
            both = ", ".join(sorted(set(one.classes) & set(other.classes)))
            problem = f"{other.article} and {one.article} both hold for '{one.kind}' by {both}."
            cure = "Give the older one a valid_to, or keep their tiers apart."
            yield Problem(("entries", k, "valid_from"), problem, cure)
