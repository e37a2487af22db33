"""`nutgiao evidence`: verifies bundles, says what they show, keeps them from being removed, opens original pictures."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.edge.evidence.verify import Finding


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser(
        "evidence", help="verify evidence bundles, say what they show, hold and release them"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verify = verbs.add_parser(
        "verify",
        help="verify bundles: every byte, signature and chain",
        description="Exit code 0: all intact; 1: at least one was changed, is incomplete, missing or there twice; 2: "
        "one cannot be read. A folder is taken as all bundles of its nodes, so its chain is checked too.",
    )
    verify.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE", help="zip files of evidence, or a folder")
    verify.add_argument("--key", metavar="HEX", help="the node's Ed25519 public key, as its health message tells it")
    verify.add_argument("--chain", action="store_true", help="these are all bundles of a node: is one missing between?")
    verify.add_argument(
        "--originals", action="store_true", help="on the box itself: the original pictures too, and who has looked"
    )
    show = verbs.add_parser("show", help="say in words what a bundle claims")
    show.add_argument("bundle", type=Path, metavar="BUNDLE", help="zip file of evidence")
    show.add_argument("--key", metavar="HEX", help="the node's public key")
    for verb, what in (("hold", "keep a bundle whatever its age"), ("release", "let it go when its days are over")):
        change = verbs.add_parser(verb, help=what)
        change.add_argument("bundle", type=Path, metavar="BUNDLE", help="zip file of evidence on the box")
        _add_person(change)
    original = verbs.add_parser(
        "original", help="copy a bundle's original pictures, in which everybody can be recognised; who and why is noted"
    )
    original.add_argument("bundle", type=Path, metavar="BUNDLE", help="zip file of evidence on the box")
    original.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to; must not exist")
    _add_person(original)


def run(args: argparse.Namespace) -> int:
    """Does what the verb says.

    Returns:
        0 if all is well; else see `verify`.

    Raises:
        EvidenceBroken: if a bundle cannot be read, held, released or opened.
    """
    from nutgiao.edge.evidence.looks import hold, release

    if args.verb == "verify":
        return _verify(args)
    if args.verb == "show":
        from nutgiao.cli.evidence_words import bundle_in_words
        from nutgiao.edge.evidence.verify import verify_bundle

        verdict = verify_bundle(args.bundle, args.key)
        print("\n".join(bundle_in_words(verdict)))
        return 0 if verdict.intact else 1
    if args.verb == "original":
        return _original(args)
    change = hold if args.verb == "hold" else release
    change(args.bundle, time.time(), who=args.who, why=args.why)
    print(f"{args.bundle}: {'held' if args.verb == 'hold' else 'released'}")
    return 0


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--who", required=True, metavar="NAME", help="your name; it is noted beside the bundle")
    parser.add_argument("--why", required=True, metavar="WORDS", help="why; it is noted too")


def _verify(args: argparse.Namespace) -> int:
    from nutgiao.cli.evidence_words import plain
    from nutgiao.edge.evidence.verify import look_at, look_at_chain

    folders = [path for path in args.bundles if path.is_dir()]
    files = [path for path in args.bundles if not path.is_dir()]
    alone = [look_at(path, args.key, originals=args.originals) for path in files]
    groups = [([look_at(p, args.key, originals=args.originals) for p in sorted(f.glob("*.zip"))], f) for f in folders]
    gaps = [f"chain: {gap}" for gap in look_at_chain(alone, None, args.key)] if args.chain else []
    for findings, folder in groups:
        gaps += [f"{folder}: chain: {gap}" for gap in look_at_chain(findings, folder, args.key)]
    findings = alone + [finding for group, _ in groups for finding in group]
    for finding in findings:
        print("\n".join(plain(line) for line in _told(finding)))
    for gap in gaps:
        print(plain(gap))
    wrong = sum(bool(finding.problems) for finding in findings)
    print(f"{len(findings) - wrong} of {len(findings)} intact, {len(gaps)} faults of the chain")
    if not args.key:
        print("No --key was given: these bundles are what their own keys sealed, but anyone may have such a key.")
    if any(finding.verdict is None for finding in findings):
        return 2
    return 1 if wrong or gaps else 0


def _told(finding: Finding) -> list[str]:
    if finding.problems or finding.verdict is None:
        return [f"{finding.path}: {problem}" for problem in finding.problems]
    manifest = finding.verdict.manifest
    place = ", ".join(word for word in (manifest.site, manifest.approach, manifest.zone) if word)
    lane = f", lane {manifest.lane}" if manifest.lane else ""
    return [
        f"{finding.path}: intact",
        f"  {manifest.kind} by a {manifest.vehicle_class} at {place}{lane}",
        f"  {manifest.occurred_local} (UTC {manifest.occurred_utc}), node {manifest.node}, camera {manifest.camera}",
        f"  {len(manifest.files)} files; sealed by the key {manifest.public_key}",
    ]


def _original(args: argparse.Namespace) -> int:
    """Copies original pictures out, after that was noted."""
    from nutgiao.cli.evidence_words import plain
    from nutgiao.edge.evidence.chain import original_of
    from nutgiao.edge.evidence.looks import note_look
    from nutgiao.edge.evidence.verify import look_at
    from nutgiao.models.contracts.errors import EvidenceBroken

    finding = look_at(args.bundle, None, originals=True)
    if finding.verdict is None or finding.verdict.manifest.original is None:
        raise EvidenceBroken(f"{args.bundle}: {'; '.join(finding.problems) or 'has no original pictures'}")
    place = original_of(args.bundle)
    try:
        data = place.read_bytes()
        note_look(place, time.time(), who=args.who, what="looked", why=args.why)
        with args.out.open("xb") as copy:
            copy.write(data)
    except OSError as error:
        raise EvidenceBroken(f"{error.filename}: {error.strerror}") from error
    for problem in finding.problems:
        print(plain(f"{args.bundle}: {problem}"))
    print(f"{args.out}: {finding.verdict.manifest.original.pictures} pictures; noted in the log beside the original")
    return 1 if finding.problems else 0
