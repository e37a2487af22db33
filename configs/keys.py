"""An Ed25519 key of a box or of the centre: made once, kept in a file that only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from nutgiao.models.contracts.errors import ConfigError


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """Loads the key, or makes one if there is no file yet.

    Args:
        path: PEM file; a new one gets mode 0600, its folder is created.

    Returns:
        The private key.

    Raises:
        ConfigError: if the file is no Ed25519 key, or others than its owner may read it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _load(path)
    key = Ed25519PrivateKey.generate()
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def _load(path: Path) -> Ed25519PrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigError(str(path), None, "", f"the key file has mode {mode:04o}.", "Run chmod 600 on it.")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            str(path), None, "", f"no readable key: {error}.", "Move it away to have one made."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(str(path), None, "", "not an Ed25519 key.", "Move it away to have one made.")
    return key
