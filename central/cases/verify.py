"""Is the export of a case as the centre sealed it: each file, audit row and signature, and the bundle in it?"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from nutgiao.central.audit import row_hash
from nutgiao.central.cases.export import AUDIT, BUNDLE, CASE, EXPORT, SEAL, AuditExtract, CaseRecord, ExportNote
from nutgiao.central.evidence import signed
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import sha256
from nutgiao.models.contracts.evidence_check import check_bundle
from nutgiao.models.contracts.sealed_zip import first_difference, pack, unpack


@dataclass(frozen=True, slots=True)
class ExportVerdict:
    """What the check of an export found.

    Attributes:
        note: what it says about itself.
        record: the case in it; None if it cannot be read.
        problems: what is wrong, one sentence each; empty for an intact one.
    """

    note: ExportNote
    record: CaseRecord | None
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def verify_export(name: str, data: bytes, centre_key: str | None = None) -> ExportVerdict:
    """Checks an export.

    Args:
        name: of the file, for messages.
        data: the zip.
        centre_key: hexadecimal key of the centre; None takes the one in the export, which anyone may have written.

    Returns:
        What is intact and what is not.

    Raises:
        EvidenceBroken: if it cannot be read at all.
    """
    contents, problems = unpack(name, data)
    raw = contents.get(EXPORT)
    if raw is None:
        raise EvidenceBroken(f"{name}: {EXPORT} is missing or damaged")
    try:
        note = msgspec.json.decode(raw, type=ExportNote)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceBroken(f"{name}: {EXPORT} does not fit its schema: {error}") from error
    if centre_key is not None and note.public_key != centre_key:
        problems.append("sealed with another key than the centre's")
    signature = contents.get(SEAL)
    if signature is None or not signed(note.public_key, raw, signature):
        problems.append(f"the signature does not fit {EXPORT}")
    for member, digest in note.files.items():
        body = contents.get(member)
        if member not in contents:
            problems.append(f"missing: {member}")
        elif body is None or sha256(body) != digest:
            problems.append(f"changed: {member}")
    problems += [f"not in {EXPORT}: {member}" for member in contents if member not in {EXPORT, SEAL, *note.files}]
    if problems:
        return ExportVerdict(note, None, tuple(problems))
    place = first_difference(data, pack({each: contents[each] or b"" for each in (EXPORT, SEAL, *note.files)}))
    if place is not None:
        problems.append(f"the zip around its files was changed, from byte {place} on")
    record = _record(contents, note, problems)
    return ExportVerdict(note, record, tuple(problems))


def _record(contents: dict[str, bytes | None], note: ExportNote, problems: list[str]) -> CaseRecord | None:
    try:
        record = msgspec.json.decode(contents.get(CASE) or b"", type=CaseRecord)
        extract = msgspec.json.decode(contents.get(AUDIT) or b"", type=AuditExtract)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"case or audit cannot be read: {error}")
        return None
    if record.report.violation != note.violation:
        problems.append("the case is another one than the export names")
    number = 0
    for row in extract.rows:
        body = (row.number, row.time_s, row.actor, row.action, row.subject, row.detail, row.before)
        if row.hash != row_hash(*body) or row.number <= number or row.subject != note.violation:
            problems.append(f"audit row {row.number} was changed or is out of place")
            break
        number = row.number
    problems += _bundle(contents.get(BUNDLE), note, record)
    return record


def _bundle(bundle: bytes | None, note: ExportNote, record: CaseRecord) -> list[str]:
    if bundle is None:
        return []
    try:
        read = check_bundle(BUNDLE, bundle, None, signed)
    except EvidenceBroken as error:
        return [str(error)]
    problems = [f"{BUNDLE}: {problem}" for problem in read.problems]
    if read.manifest.public_key not in note.node_keys:
        problems.append(f"{BUNDLE}: sealed with a key that the box was not known by")
    named = record.report.evidence
    if named is None or named.manifest_sha256 != read.manifest_sha256:
        problems.append(f"{BUNDLE}: not the one that the report names")
    return problems
