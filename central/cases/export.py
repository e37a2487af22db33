"""A case as one signed zip: its sealed bundle, what was decided and by whom, and both in a document to read."""

from __future__ import annotations

import hashlib
import re

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.audit import AuditRow
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.case import Check, ViolationCase
from nutgiao.central.cases.checks import read_bundle
from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.document import Dossier, write_pdf
from nutgiao.central.cases.words import LANGUAGES
from nutgiao.central.store import Store
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import Hash, sha256
from nutgiao.models.contracts.evidence_check import Verdict
from nutgiao.models.contracts.messages import ViolationReport
from nutgiao.models.contracts.sealed_zip import pack

EXPORT, SEAL, CASE, AUDIT, BUNDLE = "export.json", "signature.bin", "case.json", "audit.json", "bundle.zip"
ALL_ROWS = 1_000_000


class ExportNote(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="nutgiao/case-export/1"):
    """What an export says about itself; signed with the centre's key.

    Attributes:
        violation: id of the case.
        exported_by: the person who asked for it.
        exported_s: when, seconds since the epoch.
        files: SHA-256 of each other file.
        public_key: the centre's Ed25519 key, hexadecimal.
        node_keys: keys that the box is known by, hexadecimal.
    """

    violation: str
    exported_by: str
    exported_s: float
    files: dict[str, Hash]
    public_key: Hash
    node_keys: tuple[str, ...]


class CaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The case as it stood: report, state, decision, checks, and the rules that held; nothing about the owner."""

    report: ViolationReport
    received_s: float
    state: str
    reviewer: str
    reason: str
    words: str
    decided_s: float | None
    moved_s: float
    approvers: tuple[str, ...]
    hold: str
    checks: tuple[Check, ...]
    rules: CaseRules


class AuditExtract(msgspec.Struct, frozen=True, kw_only=True):
    """The audit rows of a case, oldest first, and the hash of the last row of the whole audit at that time."""

    rows: tuple[AuditRow, ...]
    last_number: int
    last_hash: Hash


class Exporter:
    """Makes exports.

    Args:
        store: where the cases are.
        bundles: their evidence.
        desk: notes that somebody exports.
        rules: how cases are handled.
        seal: the centre's key.
    """

    def __init__(self, store: Store, bundles: Bundles, desk: Desk, rules: CaseRules, seal: Ed25519PrivateKey) -> None:
        self._store, self._bundles, self._desk, self._rules, self._seal = store, bundles, desk, rules, seal

    def export(self, violation: str, *, person: str, now_s: float) -> tuple[str, bytes]:
        """Exports a case; the audit row of it comes first.

        Args:
            violation: id of the case.
            person: who asks for it.
            now_s: time now, seconds since the epoch.

        Returns:
            A name for the file, and the zip.

        Raises:
            UnknownCase: if there is no such case.
            StepRefused: if the name is missing.
            EvidenceBroken: if the bundle holds the unblurred originals.
        """
        case = self._desk.note(violation, "exported", "", person=person, now_s=now_s)
        rows = tuple(reversed(self._store.audit(violation, limit=ALL_ROWS)))
        [last] = self._store.audit(limit=1)
        read, bundle = self._evidence(case)
        key = self._seal.public_key().public_bytes_raw().hex()
        files = {
            CASE: _json(_record(case, self._rules)),
            AUDIT: _json(AuditExtract(rows=rows, last_number=last.number, last_hash=last.hash)),
        }
        if bundle is not None:
            files[BUNDLE] = bundle
        dossier = Dossier(
            case=case, read=read, bundle=bundle, trail=rows, last=last, deadline_s=self._desk.deadline_s(case),
            utc_offset_h=self._rules.utc_offset_h, exported_by=rows[-1].actor, exported_s=now_s, centre_key=key,
        )  # fmt: skip
        files |= {f"case-{language}.pdf": write_pdf(dossier, language) for language in LANGUAGES}
        files = dict(sorted(files.items()))  # the order in which the note tells them
        note = ExportNote(
            violation=violation,
            exported_by=rows[-1].actor,
            exported_s=now_s,
            files={name: sha256(body) for name, body in files.items()},
            public_key=key,
            node_keys=tuple(sorted(self._store.node_keys(case.report.node))),
        )
        body = _json(note)
        return file_name(violation), pack({EXPORT: body, SEAL: self._seal.sign(body), **files})

    def _evidence(self, case: ViolationCase) -> tuple[Verdict | str, bytes | None]:
        """The bundle as it lies there: a broken one is exported as well, and the document says that it is broken."""
        if case.report.evidence is None:
            return "the box could not make a bundle", None
        name = case.report.evidence.bundle
        read = read_bundle(self._bundles, name)
        bundle = self._bundles.whole(name) if self._bundles.has(name) else None
        if not isinstance(read, str):
            original = read.manifest.original
            if original is not None and original.file in read.manifest.files:
                raise EvidenceBroken(f"bundle {name} holds the unblurred originals, which never leave the box")
        return read, bundle


def file_name(violation: str) -> str:
    """A name for an export that every file system takes and that no header can be broken with."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", violation)[:80]
    if safe != violation:
        safe = f"{safe}-{hashlib.sha256(violation.encode()).hexdigest()[:8]}"
    return f"case-{safe}.zip"


def _record(case: ViolationCase, rules: CaseRules) -> CaseRecord:
    return CaseRecord(
        report=case.report, received_s=case.received_s, state=case.state, reviewer=case.reviewer, reason=case.reason,
        words=case.words, decided_s=case.decided_s, moved_s=case.moved_s, approvers=case.approvers, hold=case.hold,
        checks=case.checks, rules=rules,
    )  # fmt: skip


def _json(body: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(body, order="deterministic"), indent=1)
