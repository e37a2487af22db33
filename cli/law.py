"""`nutgiao law`: shows what the law catalogue says of violations on a day, and what of it is unsure."""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.models.contracts.law import LawCatalogue, LawEntry


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser("law", help="show what the law says of violations on a day")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    show = verbs.add_parser(
        "show",
        help="list the entries that are valid on a day",
        description="Lists article, fine and points of each kind of violation by class, as they hold on a day. What "
        "nobody has confirmed is told as unsure. Exit code 0: there is an entry; 1: there is none; 2: wrong input.",
    )
    show.add_argument("--day", type=_day, metavar="YYYY-MM-DD", help="day of the act (default: today)")
    show.add_argument("--kind", metavar="KIND", help="one kind of violation only, such as red_light")
    show.add_argument("--law", type=Path, metavar="FILE", help="catalogue of your own instead of Vietnam's")
    show.add_argument("--json", action="store_true", help="one line of JSON for each entry")


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no day; write 2026-11-22") from None


def run(args: argparse.Namespace) -> int:
    """Shows the catalogue.

    Returns:
        0 if it has an entry for the day, else 1.

    Raises:
        ConfigError: if the catalogue is wrong.
        ContractError: if it knows no such kind.
    """
    import msgspec

    from nutgiao.configs.law_catalogue import load_law
    from nutgiao.models.contracts.errors import ContractError, close_to

    law = load_law(args.law)
    day = args.day or datetime.date.today().isoformat()
    if args.kind is not None and args.kind not in law.acts:
        raise ContractError(f"the catalogue knows no '{args.kind}'. {close_to(args.kind, [*law.acts])}")
    found = [entry for entry in law.entries if entry.valid_on(day) and args.kind in (None, entry.kind)]
    if args.json:
        for entry in found:
            print(json.dumps(msgspec.to_builtins(law.with_doubts(entry, day)), ensure_ascii=False))
        return 0 if found else 1
    print(f"{law.country} on {day}: {len(found)} entries, fines in {law.currency}. {law.source}")
    for unread in law.unread:
        if unread.since <= day:
            print(f"every entry is unsure: {unread.law}, in force since {unread.since}, is not read: {unread.what}")
    kind = ""
    for entry in found:
        if entry.kind != kind:
            kind = entry.kind
            print(f"\n{kind}: {law.acts[kind].vi} ({law.acts[kind].en})")
        print(f"  {_told(law, entry)}")
    return 0 if found else 1


def _told(law: LawCatalogue, entry: LawEntry) -> str:
    """An entry in one line."""
    words = [", ".join(entry.classes)]
    if entry.tier is not None:
        below = "" if entry.tier.below is None else f" and below {entry.tier.below:g}"
        words.append(f"{entry.tier.figure} at least {entry.tier.least:g}{below}")
    words.append(f"{entry.law} {entry.article}: {entry.fine[0]:,} to {entry.fine[1]:,} {law.currency}")
    if entry.points:
        words.append(f"{entry.points} points")
    if entry.unsure:
        words.append(f"unsure: {entry.unsure}")
    return "; ".join(words)
