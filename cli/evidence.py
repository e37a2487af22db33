"""`nutgiao evidence`: verifies bundles, so that anybody can tell whether they are whole and who sealed them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.models.contracts.evidence import Verdict


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand."""
    parser = subparsers.add_parser("evidence", help="verify evidence bundles: files, hashes, signature and chain")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verify = verbs.add_parser(
        "verify",
        help="verify bundles",
        description="Exit code 0: all intact; 1: at least one was changed or is incomplete; 2: one cannot be read.",
    )
    verify.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE", help="zip files of evidence")
    verify.add_argument("--key", metavar="HEX", help="the node's Ed25519 public key, as its health message tells it")
    verify.add_argument("--chain", action="store_true", help="these are all bundles of a node: is one missing between?")


def run(args: argparse.Namespace) -> int:
    """Verifies the bundles.

    Returns:
        0 if all are intact, else 1.

    Raises:
        EvidenceBroken: if one cannot be read at all.
    """
    from nutgiao.edge.evidence.verify import verify_bundle, verify_chain

    verdicts = [verify_bundle(path, args.key) for path in args.bundles]
    for path, verdict in zip(args.bundles, verdicts, strict=True):
        print("\n".join(_told(path, verdict)))
    gaps = verify_chain(verdicts) if args.chain else ()
    for violation in gaps:
        print(f"chain: the bundle before {violation} is not among these")
    if not args.key:
        print("No --key was given: these bundles are what their own keys sealed, but anyone may have such a key.")
    return 0 if all(verdict.intact for verdict in verdicts) and not gaps else 1


def _told(path: Path, verdict: Verdict) -> list[str]:
    manifest = verdict.manifest
    head = f"{path}: {verdict}"
    if not verdict.intact:
        return [head]
    lane = f", lane {manifest.lane}" if manifest.lane else ""
    return [
        head,
        f"  {manifest.kind} by a {manifest.vehicle_class} at {manifest.site}, {manifest.approach}{lane}",
        f"  {manifest.occurred_local} (UTC {manifest.occurred_utc}), node {manifest.node}, camera {manifest.camera}",
        f"  {len(manifest.files)} files; sealed by the key {manifest.public_key}",
    ]
