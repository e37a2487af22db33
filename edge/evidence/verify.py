"""Checks bundles on disk: is every byte as it was sealed, did the node sign it, and is none missing in between?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nutgiao.edge.evidence.chain import HEAD, original_of, read_removals
from nutgiao.edge.evidence.looks import looks_problem
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import sha256
from nutgiao.models.contracts.evidence_chain import ChainHead, Link, chain_problems
from nutgiao.models.contracts.evidence_check import Verdict, check_bundle


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one file.

    Attributes:
        path: the file.
        verdict: of a bundle that could be read.
        problems: one sentence each; empty if nothing is wrong.
    """

    path: Path
    verdict: Verdict | None
    problems: tuple[str, ...]


def verify_bundle(path: Path, public_key: str | None) -> Verdict:
    """Checks a bundle.

    Args:
        path: the zip file.
        public_key: hexadecimal Ed25519 key of the node, from its health message; None takes the key in the manifest.

    Returns:
        What is intact and what is not.

    Raises:
        EvidenceBroken: if it cannot be read at all: no zip, no manifest, or one of another schema.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EvidenceBroken(f"{path}: cannot be read: {error.strerror}") from error
    return check_bundle(str(path), data, public_key, _signed)


def look_at(path: Path, public_key: str | None, *, originals: bool = False) -> Finding:
    """Checks a bundle, its name, and where asked for its original pictures; says what is wrong instead of raising.

    Args:
        path: the zip file.
        public_key: see `verify_bundle`.
        originals: whether the original pictures have to lie where the box keeps them, unchanged.
    """
    try:
        verdict = verify_bundle(path, public_key)
    except EvidenceBroken as error:
        return Finding(path, None, (str(error).removeprefix(f"{path}: "),))
    problems = list(verdict.problems)
    if path.stem != verdict.manifest.violation:
        problems.append(f"holds the bundle of {verdict.manifest.violation}")
    if originals:
        problems += _original_problems(path, verdict)
    return Finding(path, verdict, tuple(problems))


def look_at_chain(findings: Sequence[Finding], folder: Path | None, public_key: str | None) -> tuple[str, ...]:
    """Checks that no bundle is missing, swapped or there twice.

    Args:
        findings: of all bundles of one or more nodes, in any order.
        folder: of a box, with the chain's last link and what the box has removed; None where there is only bundles.
        public_key: of the node; None believes the keys in the bundles.

    Returns:
        One sentence for each thing that is wrong.
    """
    verdicts = [(finding.path.name, finding.verdict) for finding in findings if finding.verdict is not None]
    links = [Link.of(name, verdict) for name, verdict in verdicts]
    if folder is None:
        return chain_problems(links)
    keys = {public_key} if public_key else {verdict.manifest.public_key for _, verdict in verdicts}
    removed, told = [], []
    for removal in read_removals(folder):
        body = removal.signing_bytes()
        if removal.public_key in keys and _signed(removal.public_key, body, _bytes(removal.signature)):
            removed.append(Link.of_removal(removal))
        else:
            told.append(f"the note that {removal.violation} was removed is not signed by the node")
    try:
        head = msgspec.json.decode((folder / HEAD).read_bytes(), type=ChainHead)
    except FileNotFoundError:
        head = None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return (*told, f"{HEAD} cannot be read: {error}", *chain_problems(links, removed))
    return (*told, *chain_problems(links, removed, head))


def verify_chain(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Checks that no bundle of a node was taken out, by their manifests alone.

    Args:
        verdicts: of all bundles of the node, in any order.

    Returns:
        One sentence for each thing that is wrong; empty if the chain is whole back to its start.
    """
    return chain_problems([Link.of(verdict.manifest.violation, verdict) for verdict in verdicts])


def _original_problems(path: Path, verdict: Verdict) -> list[str]:
    note = verdict.manifest.original
    if note is None:
        return []
    place = original_of(path)
    try:
        data = place.read_bytes()
    except OSError as error:
        return [f"original pictures: {place.name} cannot be read: {error.strerror}"]
    told = [] if sha256(data) == note.sha256 else [f"original pictures: {place.name} was changed"]
    problem = looks_problem(place)
    return told if problem is None else [*told, problem]


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _signed(key: str, body: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
