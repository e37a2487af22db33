"""Checks a bundle: is every file as it was sealed, and did the node that it names sign it."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nutgiao.edge.evidence.manifest import MANIFEST, NO_PREVIOUS, SIGNATURE, Manifest, sha256
from nutgiao.models.contracts.errors import EvidenceBroken


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found.

    Attributes:
        manifest: what the bundle claims.
        manifest_sha256: its hash, the name of this link in the chain.
        changed: files whose content differs from their hash.
        missing: files that the manifest names and the bundle lacks.
        unexpected: files that the manifest does not name.
        signature_valid: the signature fits manifest and key.
        key_trusted: the key is the one asked for; None if none was given, so anyone may have sealed it.
    """

    manifest: Manifest
    manifest_sha256: str
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    signature_valid: bool
    key_trusted: bool | None

    @property
    def intact(self) -> bool:
        """Nothing is wrong."""
        whole = not (self.changed or self.missing or self.unexpected)
        return whole and self.signature_valid and self.key_trusted is not False

    def __str__(self) -> str:
        problems = [f"changed: {name}" for name in self.changed]
        problems += [f"missing: {name}" for name in self.missing]
        problems += [f"not in the manifest: {name}" for name in self.unexpected]
        if not self.signature_valid:
            problems.append("the signature does not fit the manifest")
        if self.key_trusted is False:
            problems.append("sealed with another key than the node's")
        return "; ".join(problems) or "intact"


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
    contents: dict[str, bytes | None] = {}
    try:
        with zipfile.ZipFile(path) as bundle:
            for name in bundle.namelist():
                try:
                    contents[name] = bundle.read(name)
                except (zipfile.BadZipFile, zlib.error, EOFError):  # zip's own checksum failed
                    contents[name] = None
    except (OSError, zipfile.BadZipFile) as error:
        raise EvidenceBroken(f"{path}: no readable zip: {error}") from error
    raw = contents.get(MANIFEST)
    if raw is None:
        raise EvidenceBroken(f"{path}: {MANIFEST} is missing or damaged")
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise EvidenceBroken(f"{path}: {MANIFEST} does not fit its schema: {error}") from error
    changed = []
    for name, digest in manifest.files.items():
        data = contents.get(name, b"")
        if name in contents and (data is None or sha256(data) != digest):
            changed.append(name)
    return Verdict(
        manifest=manifest,
        manifest_sha256=sha256(raw),
        changed=tuple(changed),
        missing=tuple(name for name in (*manifest.files, SIGNATURE) if name not in contents),
        unexpected=tuple(name for name in contents if name not in {*manifest.files, MANIFEST, SIGNATURE}),
        signature_valid=_signed(raw, contents.get(SIGNATURE), public_key or manifest.public_key),
        key_trusted=None if public_key is None else public_key == manifest.public_key,
    )


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


def _signed(manifest: bytes, signature: bytes | None, public_key: str) -> bool:
    if signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, manifest)
    except (InvalidSignature, ValueError):
        return False
    return True
