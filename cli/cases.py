"""`nutgiao cases`: lists, shows and moves the centre's cases under a person's name, exports them and checks exports."""

from __future__ import annotations

import argparse
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.cases_tell import listed, told, told_owner, told_verdict
from nutgiao.models.contracts.errors import ConfigError, EvidenceBroken

if TYPE_CHECKING:
    from nutgiao.central.cases.bundles import Bundles
    from nutgiao.central.cases.desk import Desk
    from nutgiao.central.sqlite_store import SqliteStore
    from nutgiao.models.contracts.case_rules import CaseRules

TRAIL_ROWS = 60


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "cases",
        help="list, show, move, hold, export and verify cases of violations",
        description="Works on the folder of `nutgiao central --data`, also beside the running centre. Every look and "
        "every step is written to its audit under the person's name.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    listing = verbs.add_parser("list", help="cases, latest act first")
    _data(listing)
    listing.add_argument("--state", help="only those that stand there, such as auto_checked")
    listing.add_argument("--kind", help="only this kind, such as red_light")
    listing.add_argument("--limit", type=int, default=50, help="at most so many (default: %(default)s)")
    show = _verb(verbs, "show", "one case: figures, checks, trail, and what can be done next")
    show.add_argument("--evidence", type=Path, metavar="DIR", help="write its stills there: counts as a look at each")
    show.add_argument("--owner", action="store_true", help="show the owner's personal data as well; is logged")
    move = _verb(verbs, "move", "take a step")
    move.add_argument("state", metavar="STATE", help="where to, such as in_review, approved or rejected")
    move.add_argument("--reason", default="", help="one of the step's reasons; a wrong one lists them")
    move.add_argument("--words", default="", help="in your own words")
    hold = _verb(verbs, "hold", "put a case under legal hold, so that it is not deleted")
    hold.add_argument("--words", required=True, help="why")
    hold.add_argument("--release", action="store_true", help="end the hold instead")
    owner = _verb(verbs, "owner", "write down who owns the vehicle of an approved case")
    owner.add_argument("--name", required=True, help="of the person or company")
    owner.add_argument("--address", default="", help="where they are reached")
    owner.add_argument("--plate", default="", help="number under which they were found")
    owner.add_argument("--source", required=True, help="which register was asked")
    notice = _verb(verbs, "notice", "write down that the owner was told")
    notice.add_argument("--way", required=True, choices=["post", "electronic", "by_hand"], help="how")
    notice.add_argument("--reference", required=True, help="number of the letter")
    export = _verb(verbs, "export", "the case as one signed zip with a document in Vietnamese and English")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for it")
    verify = verbs.add_parser(
        "verify",
        help="check exported cases",
        description="Exit code 0: all intact; 1: at least one was changed or is incomplete; 2: one cannot be read.",
    )
    verify.add_argument("exports", nargs="+", type=Path, metavar="FILE", help="exported cases")
    verify.add_argument("--key", metavar="HEX", help="the centre's public key, as `nutgiao central` tells it")


def run(args: argparse.Namespace) -> int:
    """Does what is asked.

    Raises:
        NutgiaoError: if a step is refused, or the store cannot be read.
    """
    return _verify(args) if args.verb == "verify" else _at_the_desk(args, time.time())


def _at_the_desk(args: argparse.Namespace, now_s: float) -> int:
    from nutgiao.central.cases.bundles import Bundles
    from nutgiao.central.cases.desk import Desk
    from nutgiao.central.cases.flow import CaseState, StepRefused
    from nutgiao.central.cases.people import Way
    from nutgiao.central.sqlite_store import SqliteStore
    from nutgiao.configs.cases import load_case_rules

    database = args.data / "centre.sqlite"
    if not database.is_file():
        raise ConfigError(str(database), None, "--data", "no store of a centre.", "Name the folder of nutgiao central.")
    rules = load_case_rules(args.cases)
    store = SqliteStore(database, args.data / "evidence")
    with contextlib.closing(store):
        bundles = Bundles(store.evidence, lambda path, node, violation: "the command line takes no bundles in")
        desk = Desk(store, bundles, rules)
        if args.verb == "list":
            cases, count = store.violations(kind=args.kind, state=args.state, limit=args.limit)
            print("\n".join(listed(cases, count, rules.utc_offset_h)) or "no case matches")
            return 0
        by = {"person": args.person, "now_s": now_s}
        match args.verb:
            case "show":
                _show(args, desk, bundles, now_s, rules.utc_offset_h)
            case "move":
                if args.state not in set(CaseState):
                    raise StepRefused(f"there is no state {args.state!r}; states: {', '.join(CaseState)}")
                desk.move(args.case, CaseState(args.state), reason=args.reason, words=args.words, **by)
            case "hold":
                (desk.release if args.release else desk.hold)(args.case, args.words, **by)
            case "owner":
                told_of = {key: getattr(args, key) for key in ("name", "address", "plate", "source")}
                desk.set_owner(args.case, **told_of, **by)
            case "notice":
                desk.add_notice(args.case, way=Way(args.way), reference=args.reference, **by)
            case "export":
                _export(args, desk, bundles, store, rules, now_s)
        case = desk.case(args.case)
        trail = store.audit(args.case, limit=TRAIL_ROWS)
        offers = desk.offers(case, args.person, now_s)
        print("\n".join(told(case, offers, trail, desk.deadline_s(case), rules.utc_offset_h)))
    return 0


def _show(args: argparse.Namespace, desk: Desk, bundles: Bundles, now_s: float, offset_h: float) -> None:
    """Writes the stills, and prints the owner, where that is asked for; each is noted before."""
    evidence = desk.case(args.case).report.evidence
    if args.evidence is not None:
        stills = bundles.stills(evidence.bundle) if evidence else ()
        if evidence is None or not stills:
            raise EvidenceBroken(f"case {args.case}: its evidence has not come, or cannot be read")
        args.evidence.mkdir(parents=True, exist_ok=True)
        for number, still in enumerate(stills, 1):  # a name out of a bundle never becomes a path
            body = bundles.read(evidence.bundle, still)
            desk.look(args.case, still, person=args.person, now_s=now_s)
            path = args.evidence / f"still-{number}.jpg"
            path.write_bytes(body)
            print(f"{path}")
    if args.owner:
        print("\n".join(told_owner(*desk.owner(args.case, person=args.person, now_s=now_s), offset_h)))


def _export(
    args: argparse.Namespace, desk: Desk, bundles: Bundles, store: SqliteStore, rules: CaseRules, now_s: float
) -> None:
    from nutgiao.central.cases.export import Exporter
    from nutgiao.configs.keys import load_or_create_key

    seal = load_or_create_key(args.data / "centre.key")
    name, body = Exporter(store, bundles, desk, rules, seal).export(args.case, person=args.person, now_s=now_s)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / name).write_bytes(body)
    print(f"{args.out / name}")


def _verify(args: argparse.Namespace) -> int:
    from nutgiao.central.cases.verify import verify_export

    intact = True
    for path in args.exports:
        try:
            verdict = verify_export(path.name, path.read_bytes(), args.key)
        except OSError as error:
            raise EvidenceBroken(f"{path}: cannot be read: {error.strerror}") from error
        print("\n".join(told_verdict(path, verdict)))
        intact = intact and verdict.intact
    if not args.key:
        print("No --key was given: these exports are what their own keys sealed, but anyone may have such a key.")
    return 0 if intact else 1


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder of the centre, as given to nutgiao central")
    parser.add_argument("--cases", type=Path, metavar="FILE", help="how cases are handled (default: Viet Nam's rules)")


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=summary)
    parser.add_argument("case", metavar="ID", help="id of the case")
    parser.add_argument("--person", required=True, metavar="NAME", help="who you are; goes into the audit")
    _data(parser)
    return parser
