"""Is a bundle that a box has sent whole, sealed with that box's key, and of the case whose name it bears?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence_check import check_bundle


def bundle_problem(path: Path, public_keys: Collection[str], *, node: str, violation: str) -> str | None:
    """Checks a bundle on disk.

    Args:
        path: the zip file.
        public_keys: keys that the box is known by, hexadecimal.
        node: the box.
        violation: the case that it is brought for: a bundle of another one would keep the right one out.

    Returns:
        What is wrong, None if nothing is.
    """
    try:
        verdict = check_bundle(path.name, path.read_bytes(), None, signed)
    except (OSError, EvidenceBroken) as error:
        return str(error)
    manifest = verdict.manifest
    if manifest.public_key not in public_keys:
        return "sealed with a key that this box is not known by"
    if (manifest.node, manifest.violation) != (node, violation):
        return "sealed for another case"
    return None if verdict.intact else str(verdict)


def by_keys(keys: Mapping[str, Collection[str]]) -> Callable[[Path, str, str], str | None]:
    """The check of a bundle by the keys that each box has told so far: node to keys, read anew each time."""

    def check(path: Path, node: str, violation: str) -> str | None:
        return bundle_problem(path, keys.get(node, ()), node=node, violation=violation)

    return check


def signed(key: str, body: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature fits a key in hexadecimal and bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
