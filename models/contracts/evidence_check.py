"""Is a bundle as it was sealed: each file, the manifest, the signature, and every other byte of the zip?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import FIRST_SCHEMA, MANIFEST, SCHEMA, SIGNATURE, Manifest, sha256
from nutgiao.models.contracts.sealed_zip import first_difference, pack, unpack

Signed = Callable[[str, bytes, bytes], bool]
"""Tells whether a signature fits a key and bytes: ``signed(key, body, signature)``."""


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
        around: in words what is not as it was sealed around the files: a comment, bytes behind them, two of one name.
    """

    manifest: Manifest
    manifest_sha256: str
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    signature_valid: bool
    key_trusted: bool | None
    around: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        """Nothing is wrong."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, one sentence each; empty for an intact bundle."""
        found = [f"changed: {name}" for name in self.changed]
        found += [f"missing: {name}" for name in self.missing]
        found += [f"not in the manifest: {name}" for name in self.unexpected]
        found += self.around
        if not self.signature_valid:
            found.append("the signature does not fit the manifest")
        if self.key_trusted is False:
            found.append("sealed with another key than the node's")
        return tuple(found)

    def __str__(self) -> str:
        return "; ".join(self.problems) or "intact"


def check_bundle(name: str, data: bytes, public_key: str | None, signed: Signed) -> Verdict:
    """Checks a bundle.

    Args:
        name: of the file, for messages.
        data: the zip file.
        public_key: hexadecimal Ed25519 key of the node, from its health message; None takes the key in the manifest.
        signed: tells whether a signature fits.

    Returns:
        What is intact and what is not.

    Raises:
        EvidenceBroken: if it cannot be read at all: no zip, no manifest, or one of another schema.
    """
    contents, oddities = unpack(name, data)
    raw = contents.get(MANIFEST)
    if raw is None:
        raise EvidenceBroken(f"{name}: {MANIFEST} is missing or damaged")
    manifest, schema = read_manifest(name, raw)
    changed = []
    for member, digest in manifest.files.items():
        found = contents.get(member)
        if member in contents and (found is None or sha256(found) != digest):
            changed.append(member)
    signature = contents.get(SIGNATURE)
    missing = tuple(member for member in (*manifest.files, SIGNATURE) if member not in contents)
    unexpected = tuple(member for member in contents if member not in {*manifest.files, MANIFEST, SIGNATURE})
    if not (oddities or changed or missing or unexpected):
        oddities = _around(schema, data, raw, manifest, contents)
    return Verdict(
        manifest=manifest,
        manifest_sha256=sha256(raw),
        changed=tuple(changed),
        missing=missing,
        unexpected=unexpected,
        signature_valid=signature is not None and signed(public_key or manifest.public_key, raw, signature),
        key_trusted=None if public_key is None else public_key == manifest.public_key,
        around=tuple(oddities),
    )


def read_manifest(name: str, raw: bytes) -> tuple[Manifest, str]:
    """Reads a manifest of any schema that this software knows.

    Args:
        name: of the bundle, for messages.
        raw: the manifest's bytes.

    Returns:
        The manifest and its schema.

    Raises:
        EvidenceBroken: if it does not fit.
    """
    try:
        body: Any = msgspec.json.decode(raw)
        schema = body.get("schema") if isinstance(body, dict) else None
        if schema == FIRST_SCHEMA:
            body["schema"] = SCHEMA  # it lacks what came later, and nothing else has changed
        manifest = msgspec.convert(body, Manifest)
    # ValidationError is a DecodeError; bytes that are no UTF-8 and brackets without end come out as they are
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceBroken(f"{name}: {MANIFEST} does not fit its schema: {error}") from error
    return manifest, str(schema)


def _around(
    schema: str, data: bytes, raw: bytes, manifest: Manifest, contents: Mapping[str, bytes | None]
) -> list[str]:
    """What of the zip differs although every file in it is right."""
    if schema == FIRST_SCHEMA:  # written by a usual zip library: its last bytes are fixed, those between are not
        end = data.rfind(b"PK\x05\x06")
        return ["there are bytes behind the zip"] if end + 22 != len(data) else []
    sealed = pack({name: contents[name] or b"" for name in (MANIFEST, SIGNATURE, *manifest.files)})
    place = first_difference(data, sealed)
    return [] if place is None else [f"the zip around its files was changed, from byte {place} on"]
