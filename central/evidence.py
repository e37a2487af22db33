"""Is a bundle that a box has sent whole, and sealed with that box's key?"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import check_bundle


def bundle_problem(path: Path, public_keys: Collection[str]) -> str | None:
    """Checks a bundle on disk.

    Args:
        path: the zip file.
        public_keys: keys that the box is known by, hexadecimal.

    Returns:
        What is wrong, None if nothing is.
    """
    try:
        verdict = check_bundle(path.name, path.read_bytes(), None, _signed)
    except (OSError, EvidenceBroken) as error:
        return str(error)
    if verdict.manifest.public_key not in public_keys:
        return "sealed with a key that this box is not known by"
    return None if verdict.intact else str(verdict)


def _signed(key: str, body: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, body)
    except (InvalidSignature, ValueError):
        return False
    return True
