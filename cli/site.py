"""`nutgiao site`: checks site files, lists the shipped ones and prints the schema for editors."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.models.contracts.site import Site


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser("site", help="check site files, list the shipped ones, print the schema")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser("check", help="check files and tell everything that is wrong, with file, line and key")
    check.add_argument("sites", nargs="+", metavar="SITE", help="a YAML file, or the name of a shipped site")
    verbs.add_parser("list", help="list the shipped sites")
    verbs.add_parser("schema", help="print the JSON Schema of a site file, for an editor that completes while you type")


def run(args: argparse.Namespace) -> int:
    """Runs the verb.

    Returns:
        0; for `check` 1 if a file is wrong.
    """
    from nutgiao.configs.loader import list_sites, load_site, site_json_schema

    if args.verb == "schema":
        print(json.dumps(site_json_schema(), indent=2, ensure_ascii=False))
        return 0
    if args.verb == "list":
        for name in list_sites():
            site = load_site(name)
            print(f"{name:<24} {site.name.vi} ({site.name.en})")
        return 0
    return max(_check(name) for name in args.sites)


def _rule_problems(site: Site) -> Iterable[tuple[tuple[str | int, ...], str, str]]:
    """What is wrong with the site's rules; the rules themselves come with the extra of the box."""
    try:
        from nutgiao.edge.violation.registry import rule_problems
    except ModuleNotFoundError as error:
        print(f"{site.id}: kinds and figures of rules are not checked without {error.name}", file=sys.stderr)
        return ()
    return rule_problems(site)


def _check(name: str) -> int:
    from nutgiao.configs.law_catalogue import law_of
    from nutgiao.configs.loader import load_site
    from nutgiao.models.contracts.errors import ConfigError
    from nutgiao.models.contracts.site import site_hash

    try:
        site = load_site(name, also=_rule_problems)
        law_of(site)
    except ConfigError as error:
        for line in (str(error), *getattr(error, "__notes__", ())):
            print(line, file=sys.stderr)
        return 1
    lanes = sum(len(approach.lanes) for approach in site.approaches)
    print(f"{name}: ok. {site.id}, {site.name.vi}")
    print(f"  {len(site.approaches)} approaches with {lanes} lanes, {len(site.cameras)} cameras")
    if site.signals:
        rows = site.signals.time_of_day
        print(
            f"  {len(site.signals.groups)} signal groups in {len(site.signals.stages)} stages, hash {site_hash(site)}"
        )
        print(f"  {len(rows)} plans by time of day, each passes the safety rules: {', '.join(row.id for row in rows)}")
    else:
        print("  no signal side: cameras only")
    return 0
