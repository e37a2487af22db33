"""The chain of a node's bundles on disk: its last link, what a power cut left half done, and what was removed."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.files import write_whole
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import MANIFEST, NO_PREVIOUS, Manifest, sha256
from nutgiao.models.contracts.evidence_chain import ChainHead, Removal
from nutgiao.models.contracts.evidence_check import read_manifest

log = logging.getLogger(__name__)

HEAD, REMOVED = "chain.json", "removed.jsonl"
ORIGINALS = "originals"
"""Folder beside the bundles: what lies in it is never sent."""
UNTOLD = ".untold"
"""A file of the bundle's name with this ending: the centre has not been told of the violation yet."""
_FIRST_HEAD = "chain.txt"
_SLACK_S = 60.0  # bundles that were written so long before the head are not opened at the start: there may be thousands


def original_of(bundle: Path) -> Path:
    """Where the original pictures of a bundle lie on the box."""
    return bundle.parent / ORIGINALS / f"{bundle.stem}.original.zip"


def manifest_of(bundle: Path) -> tuple[Manifest, bytes]:
    """The manifest of a bundle and its bytes, unchecked.

    Raises:
        EvidenceBroken: if it cannot be read.
    """
    try:
        with zipfile.ZipFile(bundle) as opened:
            raw = opened.read(MANIFEST)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise EvidenceBroken(f"{bundle}: no readable {MANIFEST}: {error}") from error
    return read_manifest(str(bundle), raw)[0], raw


class Chain:
    """The last link of a node's chain.

    Files are written in this order: originals, the untold mark, the bundle, the head. So whatever a power cut leaves
    can be told apart, and `repaired` puts it right: a bundle is complete or not there, and one that is there belongs
    to the chain.

    Args:
        folder: of the bundles.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.head = _read_head(folder)
        self._repair()

    @property
    def number(self) -> int:
        """Place of the next bundle, from 1."""
        return self.head.number + 1

    def advance(self, manifest_sha256: str) -> None:
        """The next bundle is on disk; from now on it is the last one, even if that cannot be written down yet."""
        self.head = ChainHead(number=self.number, sha256=manifest_sha256)
        try:
            write_whole(self._folder / HEAD, msgspec.json.encode(self.head))
        except OSError as error:  # the next bundle writes it again, or the next start finds it out
            log.error("the head of the chain of evidence cannot be written: %s", error)

    def untold(self) -> list[Path]:
        """Bundles of which the centre has not been told, in the order of their names."""
        marks = sorted(self._folder.glob(f"*{UNTOLD}"))
        return [bundle for mark in marks if (bundle := mark.with_suffix(".zip")).exists()]

    def _repair(self) -> None:
        """Puts right what a power cut has left."""
        for draft in (*self._folder.glob("*.part"), *(self._folder / ORIGINALS).glob("*.part")):
            draft.unlink()
        removed = read_removals(self._folder)
        later = {one.number: one.sha256 for one in removed if (one.number or 0) > self.head.number}
        head = self._folder / HEAD
        since_s = head.stat().st_ctime - _SLACK_S if self.head.number and head.exists() else 0.0
        for bundle in self._folder.glob("*.zip"):
            if bundle.stat().st_ctime < since_s:
                continue
            try:
                manifest, raw = manifest_of(bundle)
            except EvidenceBroken as error:
                log.error("%s", error)
                continue
            if manifest.number is not None and manifest.number > self.head.number:
                later[manifest.number] = sha256(raw)
        for number, digest in sorted(later.items(), key=lambda link: link[0] or 0):
            log.warning("the box was cut off after bundle %s of the chain: it is the last one now", number)
            self.head = ChainHead(number=number or 0, sha256=digest)
        if later:
            write_whole(self._folder / HEAD, msgspec.json.encode(self.head))
        for mark in self._folder.glob(f"*{UNTOLD}"):
            if not mark.with_suffix(".zip").exists():
                mark.unlink()
        for original in (self._folder / ORIGINALS).glob("*.original.zip"):
            bundle = self._folder / f"{original.name.removesuffix('.original.zip')}.zip"
            if not bundle.exists():  # never sealed: the box was cut off in between, and nobody was told of it
                log.warning("%s belongs to no bundle and is removed", original.name)
                original.unlink()


def note_removal(folder: Path, bundle: Path, now_s: float, key: Ed25519PrivateKey) -> None:
    """Writes down that the node removes a bundle whose days are over, signed: the gap is then no theft.

    Args:
        folder: of the bundles.
        bundle: the zip file, still there.
        now_s: time now, seconds since the epoch.
        key: the node's key.

    Raises:
        EvidenceBroken: if its manifest cannot be read.
        OSError: if the note cannot be written.
    """
    manifest, raw = manifest_of(bundle)
    removal = Removal(
        node=manifest.node,
        number=manifest.number,
        violation=manifest.violation,
        sha256=sha256(raw),
        previous_sha256=manifest.previous_sha256,
        removed_s=now_s,
        public_key=key.public_key().public_bytes_raw().hex(),
    )
    signed = msgspec.structs.replace(removal, signature=key.sign(removal.signing_bytes()).hex())
    path = folder / REMOVED
    halved = path.exists() and not path.read_bytes().endswith(b"\n")  # by a power cut; it must not swallow this line
    with path.open("ab") as file:
        file.write((b"\n" if halved else b"") + msgspec.json.encode(signed) + b"\n")


def read_removals(folder: Path) -> list[Removal]:
    """What the node has written down as removed; lines that a power cut has halved are left out. Unchecked."""
    path = folder / REMOVED
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            found.append(msgspec.json.decode(line, type=Removal))
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.warning("%s has a line that is no removal", path)
    return found


def _read_head(folder: Path) -> ChainHead:
    """The last link that was written down; that of the first schema has no place."""
    try:
        return msgspec.json.decode((folder / HEAD).read_bytes(), type=ChainHead)
    except FileNotFoundError:
        first = folder / _FIRST_HEAD
        return ChainHead(number=0, sha256=first.read_text().strip() if first.exists() else NO_PREVIOUS)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.error("%s cannot be read and is made anew from the bundles: %s", folder / HEAD, error)
        return ChainHead(number=0, sha256=NO_PREVIOUS)
