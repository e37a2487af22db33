"""Is a plan from the centre? Ed25519 over its canonical bytes."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nutgiao.models.contracts.errors import ContractError


def centre_signature(public_key_hex: str) -> Callable[[bytes, str], bool]:
    """Makes the check of signatures against one public key.

    Args:
        public_key_hex: the centre's Ed25519 key, 64 hexadecimal digits; empty refuses everything.

    Returns:
        A function of (bytes, hexadecimal signature).

    Raises:
        ContractError: if the key is malformed.
    """
    if not public_key_hex:
        return lambda body, signature: False
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key_hex))
    except ValueError as error:
        raise ContractError(f"the centre's public key must be 64 hexadecimal digits: {error}") from error

    def signed(body: bytes, signature: str) -> bool:
        try:
            key.verify(bytes.fromhex(signature), body)
        except (InvalidSignature, ValueError):
            return False
        return True

    return signed
