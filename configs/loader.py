"""The door for site files: reads one by path or by its shipped name and tells everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from nutgiao.configs.checked import checked, raise_first
from nutgiao.configs.consistency import inconsistencies
from nutgiao.configs.document import Document, Key
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.errors import ConfigError, close_to
from nutgiao.models.contracts.site import Site

SUFFIXES = (".yaml", ".yml")


def list_sites() -> tuple[str, ...]:
    """Names of the shipped sites, sorted."""
    folder = resources.files("nutgiao.configs.sites")
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def site_path(name_or_path: str | Path) -> Path:
    """File of a site.

    Raises:
        ConfigError: if it is the name of no shipped site and no file.
    """
    path = Path(name_or_path)
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or path.suffix in SUFFIXES or path.name != text or path.exists():
        return path
    if text in list_sites():
        return Path(str(resources.files("nutgiao.configs.sites") / f"{text}.yaml"))
    raise ConfigError(
        text, None, "", "no shipped site has this name and no file either.", close_to(text, [*list_sites()])
    )


def load_site(
    name_or_path: str | Path, also: Callable[[Site], Iterable[tuple[Key, str, str]]] = lambda site: ()
) -> Site:
    """Reads and checks a site file.

    Args:
        name_or_path: path of a YAML file, or the name of a shipped site (see `list_sites`).
        also: further checks by who uses the site: key, problem and cure of each thing that is wrong.

    Returns:
        The site; every name in it exists and every plan of its table passes the plan-safety rules. The path of its law
        catalogue is told from where one stands, no more from the file's folder.

    Raises:
        ConfigError: at the first thing that is wrong; further ones are its notes (``__notes__``), a line each.
    """
    path = site_path(name_or_path)
    document = Document(path)
    site = checked(document, Site, inconsistencies)
    raise_first(document, (Problem(*found) for found in also(site)))
    if site.law is not None:
        site = msgspec.structs.replace(site, law=str(path.parent / site.law))
    return site


def site_json_schema() -> dict[str, Any]:
    """JSON Schema of a site file, for editors that complete and check while one types."""
    schema = msgspec.json.schema(Site)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "nutgiao site", **schema}
