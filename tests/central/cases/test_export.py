"""An exported case: readable, signed, without originals or owners, and harmless whatever text is in it."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.export import Exporter, file_name
from nutgiao.central.cases.flow import UnknownCase
from nutgiao.central.cases.persons import plain
from nutgiao.central.cases.verify import verify_export
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import OriginalNote, PlateNote
from tests.central.cases.test_flow import AN, BINH, approve
from tests.support.centre import BOX, CENTRE_KEY, NOW, RULES, SITE, bundles_of, filled
from tests.support.sealed import Sealer
from tests.support.voice import Voice

KEY = CENTRE_KEY.public_key().public_bytes_raw().hex()
HOSTILE = (
    "<script>alert(1)</script><b>&amp;</para>",
    ") Tj ET BT /F1 99 Tf (owned) Tj endstream endobj",
    "\u202e54321 \u200f\u2066\x00\x1b[2J\r\n",
    "Đ" * 10_000,
    "../../etc/passwd\\..\\con",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    return filled(tmp_path_factory.mktemp("centre"))[1]


@pytest.fixture(scope="module")
def exporter(store: SqliteStore) -> Exporter:
    bundles = bundles_of(store)
    return Exporter(store, bundles, Desk(store, bundles, RULES), RULES, CENTRE_KEY)


@pytest.fixture(scope="module")
def exported(store: SqliteStore, exporter: Exporter) -> bytes:
    approve(Desk(store, bundles_of(store), RULES), "v1")
    return exporter.export("v1", person=BINH, now_s=NOW + 9)[1]


def text_of(exported: bytes, language: str) -> str:
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        pages = PdfReader(io.BytesIO(archive.read(f"case-{language}.pdf"))).pages
        return "\n".join(page.extract_text() for page in pages)


def test_the_document_says_in_both_languages_what_happened_who_decided_and_what_it_rests_on(exported: bytes) -> None:
    for language, told in (
        (
            "vi",
            (
                "Hồ sơ vi phạm giao thông",
                "Vượt đèn đỏ",
                "Người duyệt: Nguyễn Thị An",
                "Đèn đỏ đã",
                "1,40 s",
                "Trang 1/",
                "đúng là gói mà báo cáo nêu",
                "tủ điều khiển",
                "Đồng hồ đếm ngược khi đó còn 23 s",
                "Gói bằng chứng nguyên vẹn: Đạt",
            ),
        ),
        (
            "en",
            (
                "Traffic violation case",
                "Red light",
                "Approved by Nguyễn Thị An",
                "Red for",
                "1.40 s",
                "Page 1 of",
                "The countdown showed 23 s",
            ),
        ),
    ):
        text = text_of(exported, language)
        for words in (
            *told,
            "29-B1 123.45",
            "Decree 168/2024",
            "4 000 000",
            "xem" if language == "vi" else "looked at",
            KEY,
        ):
            assert words in text, words


def test_the_export_is_intact_says_who_made_it_and_holds_the_bundle_as_it_was(
    store: SqliteStore, exported: bytes
) -> None:
    verdict = verify_export("case.zip", exported, KEY)
    assert (verdict.problems, verdict.note.exported_by) == ((), BINH)
    assert verdict.record is not None
    assert verdict.record.approvers == (AN,)
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        assert archive.read("bundle.zip") == (store.evidence / "v1.zip").read_bytes()
    assert [row.action for row in store.audit("v1", limit=1)] == ["exported"]


def test_an_export_sealed_by_another_key_is_told(exported: bytes) -> None:
    assert verify_export("case.zip", exported, "00" * 32).problems == ("sealed with another key than the centre's",)


@given(data=st.data())
@settings(max_examples=150)
def test_no_byte_of_an_export_can_be_changed_unseen(exported: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(exported) - 1))
    changed = bytearray(exported)
    changed[place] ^= data.draw(st.integers(1, 255))
    try:
        assert not verify_export("case.zip", bytes(changed), KEY).intact
    except EvidenceBroken:
        return


@pytest.mark.parametrize("change", [lambda b: b[:-7], lambda b: b + b"\0", lambda b: b[: len(b) // 2], lambda b: b""])
def test_cut_and_lengthened_exports_are_told(exported: bytes, change: object) -> None:
    try:
        assert not verify_export("case.zip", change(exported), KEY).intact  # type: ignore[operator]
    except EvidenceBroken:
        return


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_text_in_the_document_and_in_the_name_of_the_file(
    store: SqliteStore, exporter: Exporter, evil: str
) -> None:
    name = f"evil{HOSTILE.index(evil)}"
    report = msgspec.structs.replace(Voice(SITE, name).violation(NOW, name), track=evil, lane=evil, zone=evil)
    plate = PlateNote(text=evil, confidence=0.5, reason=evil)
    report, body = Sealer(BOX.key).seal(report, plate=plate, site=evil, camera=evil)
    store.add_violation(report, NOW)
    (store.evidence / f"{name}.zip").write_bytes(body)
    title, exported = exporter.export(name, person="An <b>", now_s=NOW)
    assert title == f"case-{name}.zip"
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        document = PdfReader(io.BytesIO(archive.read("case-en.pdf")))
    text = "".join(page.extract_text() for page in document.pages).replace("\n", "")
    assert plain(evil)[:12].strip() in text
    assert "\u202e" not in text
    assert len(document.pages) < 8
    assert not {"/JavaScript", "/OpenAction", "/AA"} & set(document.trailer["/Root"])  # type: ignore[arg-type]
    assert verify_export("case.zip", exported, KEY).intact


@given(st.text(max_size=200))
def test_a_name_of_an_export_is_one_that_every_file_system_takes(violation: str) -> None:
    name = file_name(violation)
    assert name.isascii()
    assert len(name) < 110
    assert not set(name) & set('/\\:*?"<>|\r\n\0')


def test_two_cases_never_share_a_name() -> None:
    assert len({file_name(each) for each in ("a/b", "a_b", "a:b", "a\u202eb")}) == 4


def test_an_export_never_holds_the_unblurred_originals(store: SqliteStore, exporter: Exporter) -> None:
    original = OriginalNote(file="before.jpg", sha256="0" * 64, size=1, pictures=1)
    report, body = Sealer(BOX.key).seal(Voice(SITE, "orig").violation(NOW, "orig"), original=original)
    store.add_violation(report, NOW)
    (store.evidence / "orig.zip").write_bytes(body)
    with pytest.raises(EvidenceBroken, match="unblurred originals"):
        exporter.export("orig", person=AN, now_s=NOW)


def test_a_case_that_nobody_approved_says_so_on_its_first_page(store: SqliteStore, exporter: Exporter) -> None:
    assert store.violation("v2") is not None
    text = text_of(exporter.export("v2", person=AN, now_s=NOW)[1], "en")
    assert "It does not establish a violation" in text.replace("\n", " ")


def test_an_unknown_case_is_not_exported(exporter: Exporter) -> None:
    with pytest.raises(UnknownCase):
        exporter.export("v404", person=AN, now_s=NOW)
