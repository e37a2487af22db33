"""The chain of a node's bundles: each names the one before it, so that a gap, a swap or a copy shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from nutgiao.models.contracts.evidence import NO_PREVIOUS, Hash
from nutgiao.models.contracts.evidence_check import Verdict


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    """The last bundle that a node has sealed: its place from 1, 0 before the first, and its manifest's hash."""

    number: int
    sha256: Hash


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that the node itself has removed when its days were over; signed, so that nobody else can say so.

    Attributes:
        node: whose chain.
        number: its place in it.
        violation: its case.
        sha256: hash of its manifest.
        previous_sha256: of the one before.
        removed_s: when, seconds since the epoch.
        public_key: the node's key, hexadecimal.
        signature: Ed25519 over `signing_bytes`, hexadecimal.
    """

    node: str
    number: int | None
    violation: str
    sha256: Hash
    previous_sha256: Hash
    removed_s: float
    public_key: str
    signature: str = ""

    def signing_bytes(self) -> bytes:
        """What the signature covers."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="deterministic")


@dataclass(frozen=True, slots=True)
class Link:
    """One place in a chain.

    Attributes:
        name: what to call it in messages.
        number: place from 1; None for a bundle of the first schema.
        sha256: hash of its manifest.
        previous_sha256: of the one before.
        node: whose chain.
    """

    name: str
    number: int | None
    sha256: str
    previous_sha256: str
    node: str

    @staticmethod
    def of(name: str, verdict: Verdict) -> Link:
        """The link of a bundle that was checked."""
        manifest = verdict.manifest
        return Link(name, manifest.number, verdict.manifest_sha256, manifest.previous_sha256, manifest.node)

    @staticmethod
    def of_removal(removal: Removal) -> Link:
        """The link of a bundle that its node has removed."""
        name = f"{removal.violation} (removed)"
        return Link(name, removal.number, removal.sha256, removal.previous_sha256, removal.node)


def chain_problems(
    bundles: Sequence[Link], removed: Iterable[Link] = (), head: ChainHead | None = None
) -> tuple[str, ...]:
    """Checks all bundles of one or more nodes.

    Args:
        bundles: those that are there.
        removed: those that their node has removed by itself; the caller has checked the signatures.
        head: the node's last, where its own folder is looked at.

    Returns:
        One sentence for each thing that is wrong; empty if the chains are whole from their first bundle on.
    """
    told: list[str] = []
    single: dict[str, Link] = {}
    for link in bundles:
        if link.sha256 in single:
            told.append(f"{link.name}: a copy of {single[link.sha256].name}")
        single.setdefault(link.sha256, link)
    for link in removed:  # the same may be noted twice after a power cut, or still be there
        single.setdefault(link.sha256, link)
    for node in dict.fromkeys(link.node for link in single.values()):
        told += _gaps([link for link in single.values() if link.node == node], head)
    return tuple(told)


def _gaps(links: list[Link], head: ChainHead | None) -> list[str]:
    """What is wrong in the chain of one node."""
    known = {link.sha256 for link in links} | {NO_PREVIOUS}
    alone = [link for link in links if link.number is None and link.previous_sha256 not in known]
    told = [f"{link.name}: the bundle before it is not here" for link in alone]
    numbered = sorted((link for link in links if link.number is not None), key=lambda link: link.number or 0)
    if not numbered:
        return told
    first, last = numbered[0], numbered[-1]
    if (first.number or 0) > 1:
        told.append(f"{_places(1, (first.number or 0) - 1)} not here")
    elif first.previous_sha256 not in known:
        told.append(f"{first.name}: the bundle before it is not here")
    for before, link in pairwise(numbered):
        step = (link.number or 0) - (before.number or 0)
        if step == 0:
            told.append(f"{before.name} and {link.name}: both claim place {link.number} in the chain")
        elif step > 1:
            missing = _places((before.number or 0) + 1, (link.number or 0) - 1)
            told.append(f"between {before.name} and {link.name} {missing} not here")
        elif link.previous_sha256 != before.sha256:
            told.append(f"{link.name}: does not follow {before.name}, though its number does")
    if head is not None and (last.number or 0) < head.number:
        told.append(f"after {last.name} {_places((last.number or 0) + 1, head.number)} not here")
    elif head is not None and last.number == head.number and last.sha256 != head.sha256:
        told.append(f"{last.name}: is not the one that the node has sealed last")
    return told


def _places(first: int, last: int) -> str:
    return f"bundle {first} of the chain is" if first == last else f"bundles {first} to {last} of the chain are"
