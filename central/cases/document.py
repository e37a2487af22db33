"""A case as a document to read: pictures, figures in words, lamps, law, clocks, hashes, and who looked and decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from reportlab.platypus import Flowable, Spacer

from nutgiao.central.audit import AuditRow
from nutgiao.central.cases import sheet
from nutgiao.central.cases.case import ViolationCase
from nutgiao.central.cases.drawing import TraceDrawing, picture, read_trace
from nutgiao.central.cases.persons import WORDS_LIMIT
from nutgiao.central.cases.sheet import BODY, HASH, HEAD, SMALL, TITLE, WARNING, WIDTH, table, text
from nutgiao.central.cases.words import Words
from nutgiao.models.contracts.evidence import Manifest, sha256
from nutgiao.models.contracts.evidence_check import Verdict
from nutgiao.models.contracts.sealed_zip import unpack

TRAIL_ROWS = 400


@dataclass(frozen=True, slots=True)
class Dossier:
    """What goes into the document.

    Attributes:
        case: the case.
        read: its bundle, or in words why there is none.
        bundle: the bundle's bytes.
        trail: its audit rows, oldest first.
        last: last row of the whole audit.
        deadline_s: end of the time for a sanction.
        utc_offset_h: of local time.
        exported_by: who asked for it.
        exported_s: when.
        centre_key: key that seals the export, hexadecimal.
    """

    case: ViolationCase
    read: Verdict | str
    bundle: bytes | None
    trail: tuple[AuditRow, ...]
    last: AuditRow
    deadline_s: float
    utc_offset_h: float
    exported_by: str
    exported_s: float
    centre_key: str

    def when(self, time_s: float) -> str:
        """An instant in local time, with its offset."""
        local = datetime.fromtimestamp(time_s, UTC).astimezone(timezone(timedelta(hours=self.utc_offset_h)))
        return local.strftime("%Y-%m-%d %H:%M:%S") + local.strftime("%z")[:3]

    def instant(self, time_s: float) -> str:
        """The same to the millisecond."""
        head, sign, zone = self.when(time_s + 0.0005).rpartition("+" if self.utc_offset_h >= 0 else "-")
        return f"{head}.{int((time_s + 0.0005) % 1 * 1000):03d}{sign}{zone}"

    @property
    def manifest(self) -> Manifest | None:
        """What the bundle claims; None without one."""
        return None if isinstance(self.read, str) else self.read.manifest


def write_pdf(dossier: Dossier, language: str) -> bytes:
    """Writes the document.

    Args:
        dossier: what goes in.
        language: vi or en.

    Returns:
        The PDF.
    """
    sheet.fonts()
    words, case = Words(language), dossier.case
    title = f"{words('case_title')} · {case.report.violation}"
    story: list[Flowable] = [text(words("case_title"), TITLE), Spacer(1, 4)]
    approved = ", ".join(case.approvers) if case.decided_s is not None else ""
    if approved and case.state != "second_review":
        story.append(text(words("approved_by", names=approved)))
    else:
        story.append(text(words("not_approved"), WARNING))
    story += _facts(dossier, words)
    story += _pictures(dossier, words)
    story += _law_and_clocks(dossier, words)
    story += _checks(dossier, words)
    story += _trail(dossier, words)
    story += _hashes(dossier, words)
    exported = words("exported", time=dossier.when(dossier.exported_s), name=dossier.exported_by)
    story += [Spacer(1, 6), text(exported, SMALL)]
    return sheet.write(story, title, case.report.violation, lambda n, of: words("page", n=n, all=of), language)


def _facts(dossier: Dossier, words: Words) -> list[Flowable]:
    case, manifest = dossier.case, dossier.manifest
    report = case.report
    place = " · ".join(filter(None, (report.approach, report.lane, report.zone)))
    state = words(case.state) + (f" · {words('why_' + case.reason)}" if case.reason else "")
    rows = [
        (words("kind"), words(report.kind)),
        (words("state"), state),
        (words("occurred"), dossier.instant(report.occurred_s)),
        (words("site"), f"{manifest.site} ({report.node})" if manifest else report.node),
        (words("place"), place or "–"),
        (words("camera"), manifest.camera if manifest else "–"),
        (words("vehicle"), f"{words(report.vehicle_class)} · {report.track}"),
        (words("plate"), _plate(manifest, words)),
        (words("confidence"), f"{words.number(100 * report.confidence, 1)} %"),
        (words("deadline"), dossier.when(dossier.deadline_s)),
    ]
    if manifest is not None and manifest.troubles:
        rows.append((words("troubles"), text(words.sentence("; ".join(manifest.troubles)), limit=WORDS_LIMIT)))
    if case.hold:
        rows.append((words("legal_hold"), text(case.hold, limit=WORDS_LIMIT)))
    if case.words:
        rows.append((words("words"), text(case.words, limit=WORDS_LIMIT)))
    figures = [words.figure(key, value) for key, value in report.numbers.items()]
    parts: list[Flowable] = [text(f"{words('case')} {report.violation}", SMALL), table(rows, (1, 3))]
    if figures:
        parts += [text(words("numbers"), HEAD), table(figures, (1, 1))]
    return parts


def _plate(manifest: Manifest | None, words: Words) -> str:
    plate = manifest.plate if manifest else None
    if plate is None:
        return words("plate_not_read")
    if plate.text is None:
        return words("plate_unreadable", why=words.sentence(plate.reason or "–"))
    return f"{plate.text} ({words.number(100 * plate.confidence, 0)} %)"


def _pictures(dossier: Dossier, words: Words) -> list[Flowable]:
    manifest = dossier.manifest
    if manifest is None or dossier.bundle is None:
        told = words.sentence(dossier.read) if isinstance(dossier.read, str) else words("no_bundle")
        return [text(words("stills"), HEAD), text(told)]
    contents, _ = unpack("bundle", dossier.bundle)
    box = (WIDTH / 2 - 8, 150.0)
    cells: list[list[Flowable]] = []
    for number, still in enumerate(manifest.stills[:12], 1):
        drawn = f" · {words('drawn')}" if still.drawn else ""
        told = f"{words('still', n=number, all=len(manifest.stills))} · {dossier.instant(still.time_s)}"
        caption = f"{told} · {words(still.lamp)}{drawn}"
        shown = picture(contents.get(still.file) or b"", *box)
        cells.append([shown or text(words("picture_unreadable")), text(caption, SMALL)])
    if manifest.plate_file is not None:
        shown = picture(contents.get(manifest.plate_file) or b"", *box)
        cells.append([shown or text(words("picture_unreadable")), text(words("plate"), SMALL)])
    parts: list[Flowable] = [text(words("stills"), HEAD)]
    for k in range(0, len(cells), 2):
        pair = [table([(cell,) for cell in each], (1,)) for each in cells[k : k + 2]]
        for each in pair:
            each._argW = [WIDTH / 2 - 4]
        parts.append(table([tuple(pair) if len(pair) == 2 else (pair[0], text(""))], (1, 1)))
    points = read_trace(contents.get("trace.csv") or b"", manifest.occurred_s)
    parts.append(text(words("lamp_trace"), HEAD))
    if points:
        parts += [TraceDrawing(points, WIDTH, words), text(words("lamp_note"), SMALL)]
    else:
        parts.append(text(words("no_trace")))
    source = words.sentence(manifest.signal_source)
    parts.append(text(f"{words('lamp_source')}: {source}, {manifest.signal_group or '–'}", SMALL))
    act_s = manifest.occurred_s
    for run in manifest.lamps:
        if run.countdown_end_s is not None and run.start_s <= act_s <= run.last_s:
            left_s = math.floor(run.countdown_end_s - act_s)
            parts.append(text(words("countdown_left", s=f"{left_s}"), SMALL))
    return parts


def _law_and_clocks(dossier: Dossier, words: Words) -> list[Flowable]:
    law = dossier.manifest.law if dossier.manifest else None
    told: list[Flowable] = [text(words("law"), HEAD)]
    if law is None:
        told.append(text(words("law_none")))
    else:
        valid = words("law_valid", **{"from": law.valid_from, "to": law.valid_to or "–"})
        least, greatest = (f"{amount:,}".replace(",", " ") for amount in law.fine)
        title = law.title_vi if words.language == "vi" else law.title_en
        told.append(text(f"{title} · {law.law}, {law.article} · {valid}", limit=WORDS_LIMIT))
        fine = words("law_fine", least=least, greatest=greatest, currency=law.currency, points=law.points)
        told.append(text(fine, limit=WORDS_LIMIT))
        if law.unsure:
            told.append(text(f"{words('law_unsure')}: {law.unsure}", SMALL, WORDS_LIMIT))
    told.append(text(words("clocks"), HEAD))
    clocks = dossier.manifest.clocks if dossier.manifest else None
    rows = [
        (words(f"clocks_{field}"), f"{words.number(value, 3)} s")
        for field in ("camera_s", "camera_sd_s", "controller_s", "ntp_s", "ntp_error_s")
        if (value := getattr(clocks, field, None)) is not None
    ]
    told.append(table(rows, (3, 1)) if rows else text(words("clocks_none")))
    return told


def _checks(dossier: Dossier, words: Words) -> list[Flowable]:
    rows: list[tuple[object, ...]] = [
        (words(f"check_{check.name}"), words(check.result), words.sentence(check.detail))
        for check in dossier.case.checks
    ]
    return [text(words("checks"), HEAD), table(rows, (2, 1, 4))] if rows else []


def _trail(dossier: Dossier, words: Words) -> list[Flowable]:
    rows: list[tuple[object, ...]] = []
    for row in dossier.trail[-TRAIL_ROWS:]:
        done = words(f"did_{row.action}") if words.knows(f"did_{row.action}") else row.action
        code, _, rest = row.detail.partition(":")
        known = words.knows(f"why_{code}")
        detail = words(f"why_{code}") + (f":{rest}" if rest else "") if known else row.detail
        if row.action == "auto_checked":
            detail = _checked(row.detail, words)
        rows.append((f"{row.number}", dossier.when(row.time_s), row.actor, done, text(detail, BODY, WORDS_LIMIT)))
    return [text(words("trail"), HEAD), table(rows, (0.5, 2, 2, 2, 3.5))] if rows else []


def _checked(detail: str, words: Words) -> str:
    """The results of the centre's checks, as the audit row tells them: name and result, a comma between two."""
    told = [each.rpartition(" ") for each in detail.split(", ")]
    return ", ".join(f"{words(f'check_{name}')}: {words(result)}" if name else result for name, _, result in told)


def _hashes(dossier: Dossier, words: Words) -> list[Flowable]:
    rows: list[tuple[object, ...]] = []
    manifest = dossier.manifest
    if manifest is not None and dossier.bundle is not None and not isinstance(dossier.read, str):
        rows.append((words("bundle_hash"), text(sha256(dossier.bundle), HASH)))
        rows.append((words("manifest_hash"), text(dossier.read.manifest_sha256, HASH)))
        rows += [(name, text(digest, HASH)) for name, digest in list(manifest.files.items())[:40]]
        rows += [(f"{each.part} {each.name}", text(each.sha256, HASH)) for each in manifest.models[:20]]
        rows.append((words("node_key"), text(manifest.public_key, HASH)))
    rows.append((words("centre_key"), text(dossier.centre_key, HASH)))
    rows.append((f"{words('audit_head')} {dossier.last.number}", text(dossier.last.hash, HASH)))
    return [text(words("hashes"), HEAD), table(rows, (1.2, 3))]
