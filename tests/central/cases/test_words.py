"""What box and centre say of a case, in the reader's language: every sentence of a check is known, none is invented."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.central.cases.case import ViolationCase
from nutgiao.central.cases.checks import check_case, link_of
from nutgiao.central.cases.rows import Link
from nutgiao.central.cases.words import Words
from nutgiao.central.evidence import signed
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.evidence import CalibrationClaim, ClipInfo, PlateNote
from nutgiao.models.contracts.evidence_check import Verdict, check_bundle
from nutgiao.models.contracts.plates import Unreadable
from nutgiao.models.contracts.site import DeviceNote
from tests.support.centre import BOX, NOW, RULES, SITE
from tests.support.sealed import LAW, Sealer
from tests.support.voice import Voice

NO_WORDS = {"camera", "zip", "byte", "Decree", "before", "sha", "day", "jpg", "box", "unsure"}
"""What is the same in both languages, and what tests name so."""

report, body = Sealer(BOX.key).seal(Voice(SITE, "w1").violation(NOW, "w1"))
READ = check_bundle("w1.zip", body, None, signed)
CASE = ViolationCase(report, NOW, "detected", "", "", "", None, NOW, 0, (), "", ())
KEYS = {BOX.public_key}


def claims(**changes: Any) -> Verdict:
    return replace(READ, manifest=msgspec.structs.replace(READ.manifest, **changes))


def film(*missing: str) -> ClipInfo:
    return ClipInfo(file="clip.webm", from_s=0.0, to_s=7.5, pictures=30, missing=missing)


def linked(*changes: tuple[int, Any]) -> tuple[Link, ...]:
    link = list(link_of(READ))
    for place, value in changes:
        link[place] = value
    return (tuple(link),)  # type: ignore[return-value]


LAWS = [msgspec.structs.replace(LAW, valid_from="2027-01-01"), msgspec.structs.replace(LAW, unsure="số điểm trừ")]
CLOCKS = [
    ClockNote(camera_s=0.12, ntp_s=0.001),
    ClockNote(camera_s=9.0, ntp_s=-0.001),
    ClockNote(ntp_s=0.2),
]
SEEN: list[tuple[Verdict | str, set[str], tuple[Link, ...]]] = [
    (READ, KEYS, ()),
    (READ, set(), ()),
    (READ, {"00" * 32}, ()),
    ("the bundle has not come", KEYS, ()),
    *((replace(READ, **{part: ("at.jpg",)}), KEYS, ()) for part in ("changed", "missing", "unexpected")),
    (replace(READ, signature_valid=False, around=("the zip has a comment",)), KEYS, ()),
    (replace(READ, around=("the zip around its files was changed, from byte 731 on",)), KEYS, ()),
    (replace(READ, manifest_sha256="0" * 64), KEYS, ()),
    (claims(kind="speed"), KEYS, ()),
    (claims(occurred_s=NOW + 5.0), KEYS, ()),
    (claims(previous_sha256="1" * 64), KEYS, ()),
    (claims(previous_sha256="1" * 64, number=7), KEYS, linked((0, "1" * 64), (4, "w0"), (2, 3), (3, "2" * 64))),
    (claims(previous_sha256="1" * 64, number=4), KEYS, linked((0, "1" * 64), (4, "w0"), (2, 3), (3, "2" * 64))),
    (claims(number=7), KEYS, ()),
    (READ, KEYS, linked((4, "w9"))),
    (READ, KEYS, linked((0, "9" * 64))),
    (claims(previous_sha256="1" * 64), KEYS, linked((0, "9" * 64), (4, "w9"), (3, "1" * 64))),
    (claims(law=None), KEYS, ()),
    *((claims(law=law), KEYS, ()) for law in LAWS),
    *((claims(clocks=clocks), KEYS, ()) for clocks in CLOCKS),
    (claims(device=DeviceNote(serial="1", certificate="2", certificate_until="2020-01-01")), KEYS, ()),
    *((claims(calibration=CalibrationClaim(method="pairs", made=made)), KEYS, ()) for made in
      (None, "2999-01-01", "2001-01-01", "31-12-2024")),
    (claims(plate=None), KEYS, ()),
    *((claims(plate=PlateNote(text=None, confidence=0.0, reason=why)), KEYS, ()) for why in (*Unreadable, None)),
    (claims(stills=()), KEYS, ()),
    (claims(clip=None), KEYS, ()),
    *((claims(clip=film(*missing)), KEYS, ()) for missing in (
        (),
        ("no codec for a clip works on this box", "no picture for 1.4 s, from -2.0 s of the act on"),
        ("too many cases at once for a clip of each",),
    )),
]  # fmt: skip


@pytest.mark.parametrize("seen", SEEN)
def test_what_the_centre_finds_is_said_in_vietnamese(seen: tuple[Verdict | str, set[str], tuple[Link, ...]]) -> None:
    read, keys, chain = seen
    for check in check_case(CASE, read, keys=keys, chain=chain, rules=RULES):
        told = Words("vi").sentence(check.detail)
        left = set(re.findall(r"[A-Za-z]{3,}", told)) & set(re.findall(r"[A-Za-z]{3,}", check.detail))
        names = {"approach", "speed", "red", "light", "kind"}  # keys and words of the report, as they stand in it
        assert left <= NO_WORDS | names, (check.detail, told)
        assert Words("en").sentence(check.detail) == check.detail
        # no figure is lost or made up; decimals are written as in Vietnam
        assert sorted(re.findall(r"\d+", told)) == sorted(re.findall(r"\d+", check.detail))


def test_parts_of_a_sentence_stay_in_their_places() -> None:
    say = Words("vi").sentence
    assert say("number 7 follows number 3") == "số 7 đứng sau số 3"
    told = say("pictures against lamps +0.120 s (bound 0.5 s); the other was not measured")
    assert told == "hình ảnh so với đèn +0,120 s (giới hạn 0,5 s); phép đo còn lại chưa có"
    assert say("unreadable: too small") == "không đọc được: quá nhỏ"


@given(st.text(max_size=300))
def test_a_sentence_that_nobody_has_translated_stays_as_it_is(said: str) -> None:
    told = Words("vi").sentence(f"~{said.replace(';', '')}~")
    assert told == f"~{said.replace(';', '')}~" or any(piece in said for piece in (": ", " follows ", ", ", " claims "))


@pytest.mark.parametrize("said", ["{n} files" * 5000, ", " * 50_000, "a: the report says " * 5000, "intact, " * 10_000])
def test_text_that_somebody_has_smuggled_in_is_only_text(said: str) -> None:
    assert isinstance(Words("vi").sentence(said), str)
