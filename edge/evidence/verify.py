"""Checks bundles on disk: is every file as it was sealed, did the node sign it, and is none missing in between?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import NO_PREVIOUS, Verdict, check_bundle


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


def verify_chain(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Checks that no bundle of a node was taken out of the middle.

    Args:
        verdicts: of all bundles of the node, in any order.

    Returns:
        Ids of violations whose predecessor is not among them; empty if the chain is whole back to its start.
    """
    all_of_them = list(verdicts)
    known = {verdict.manifest_sha256 for verdict in all_of_them} | {NO_PREVIOUS}
    return tuple(v.manifest.violation for v in all_of_them if v.manifest.previous_sha256 not in known)


def _signed(key: str, body: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
