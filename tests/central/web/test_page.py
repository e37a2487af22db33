"""The page in a real browser: what an operator sees and does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.flow import CaseState
from nutgiao.central.cases.persons import plain
from nutgiao.central.cases.words import Words
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.serve import WebServer
from nutgiao.models.contracts.evidence import PlateNote
from nutgiao.models.contracts.messages import PriorityStatus
from nutgiao.models.contracts.priority import PriorityItem, PriorityState
from nutgiao.models.contracts.words import ControlSource, ViolationKind
from tests.support.browser import browser
from tests.support.centre import BOX, NOW, RULES, SITE, bundles_of, filled, page_of
from tests.support.sealed import Sealer
from tests.support.voice import Voice

PATIENCE_S = 60
RESULT = {
    "measures": [
        {
            "key": "delay_s", "label_en": "Mean delay", "label_vi": "Độ trễ trung bình", "unit": "s",
            "shipped": {"mean": 61.2, "low": 58.0, "high": 64.4}, "nutgiao": {"mean": 47.9, "low": 45.1, "high": 50.7},
            "difference": {"mean": -13.3, "low": -15.0, "high": -11.6, "significant": True},
        }
    ],
    "violations": [
        {"kind": "red_light", "truth": 41, "reported": 39, "matched": 36, "precision": 0.923, "recall": 0.878}
    ],
    "progress": {"done": 0.4, "text": {"vi": "lượt 2/3", "en": "seed 2 of 3"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from browser()


@pytest.fixture
def centre(tmp_path: Path) -> tuple[NetworkState, SqliteStore]:
    return filled(tmp_path)


@pytest.fixture
def page(driver: webdriver.Chrome, centre: tuple[NetworkState, SqliteStore]) -> Iterator[Page]:
    state, store = centre
    app = page_of(state, store, result=lambda: RESULT, stream_pause_s=0.1)
    with WebServer(app) as server:
        shown = Page(driver, server)
        shown.open(1366, 768)
        yield shown
        driver.get("about:blank")  # the stream ends before its server


class Page:
    """What a person can do with the page."""

    def __init__(self, driver: webdriver.Chrome, server: WebServer) -> None:
        self.driver, self.server = driver, server

    def open(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(self.server.url)
        self.until(lambda: self.all(".lamp[data-indication]"))

    def until(self, true: Callable[[], object]) -> None:
        WebDriverWait(self.driver, PATIENCE_S, 0.05).until(lambda _: true())

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def press(self, selector: str) -> None:
        """Clicks what is there at this very moment, wherever it has scrolled to."""
        self.driver.execute_script("document.querySelector(arguments[0]).click()", selector)

    def type(self, key: str) -> None:
        """Presses a key, wherever the focus is."""
        ActionChains(self.driver).send_keys(key).perform()

    def choose(self, selector: str, value: str) -> None:
        """Chooses an option, as a person does who is quicker than the next drawing."""
        self.driver.execute_script(
            "const s = document.querySelector(arguments[0]);"
            "s.value = arguments[1]; s.dispatchEvent(new Event('change'))",
            selector,
            value,
        )

    def text(self, selector: str) -> str:
        words = self.driver.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
        return str(words)

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


def test_lamps_show_what_the_controller_reports_by_colour_shape_and_letter(page: Page) -> None:
    lamps = {each.get_attribute("data-indication"): each for each in page.all("#corridor .lamp")}
    assert set(lamps) == {"green", "red"}
    assert {name: each.find_element(By.TAG_NAME, "text").text for name, each in lamps.items()} == {
        "green": "X",
        "red": "Đ",
    }
    shapes = [each.find_element(By.TAG_NAME, "path").get_attribute("d") for each in lamps.values()]
    assert len(set(shapes)) == 2
    assert page.errors() == []


def test_queues_plan_cycle_and_rung_are_on_the_screen(page: Page) -> None:
    assert "12 xe · 31 m" in page.text("#corridor")
    card = page.text("#junctions")
    for words in ("Ngã tư thử", "Theo giờ trong ngày", "Trực tuyến", "day", "10 s"):
        assert words in card


def test_the_rung_is_shown_with_its_reason_in_both_languages(
    page: Page, centre: tuple[NetworkState, SqliteStore]
) -> None:
    reason = "no link to the broker; no picture: west"
    status = Voice(SITE, boot="b2").signal(NOW + 1, life_s=1e6, source=ControlSource.LAST_VALID, reason=reason)
    centre[0].take(status, NOW)
    page.until(lambda: page.all(".rung.last_valid"))
    for words in ("Kế hoạch còn hiệu lực", "mất kết nối MQTT; không có hình: Tây"):
        assert words in page.text("#junctions")
    page.one("#lang-en").click()
    page.until(lambda: "no link to the broker; no picture: west" in page.text("#junctions"))
    assert "Last valid plan" in page.text("#junctions")
    page.one("#lang-vi").click()
    height, room = page.driver.execute_script("return [document.documentElement.scrollHeight, innerHeight]")
    assert height <= room, "the reason fits, too"
    assert page.errors() == []


def test_rules_that_wait_for_a_clock_are_named(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    waits = "rules with hours wait because no time server keeps the clock: bus_lane"
    health = Voice(SITE, boot="b2").health(NOW + 1, life_s=1e6, state="degraded")
    centre[0].take(msgspec.structs.replace(health, note=waits), NOW)
    said = "quy tắc theo giờ tạm dừng vì không có máy chủ thời gian nào giữ đồng hồ: Đi vào làn xe buýt"
    page.until(lambda: any(said in (one.get_attribute("title") or "") for one in page.all("#junctions [title]")))


def test_a_request_for_priority_is_on_the_card_in_both_languages_with_its_reason(
    page: Page, centre: tuple[NetworkState, SqliteStore]
) -> None:
    item = PriorityItem(request="bus-26/r1", state=PriorityState.REJECTED, since_s=NOW, reason="<b>fixed</b>")
    head = Voice(SITE, boot="b3").head(NOW + 1, 1e6)
    centre[0].take(PriorityStatus(**head, requests=(item,), counts={"unsigned": 2}), NOW)  # type: ignore[arg-type]
    page.until(lambda: "Ưu tiên bus-26/r1: bị từ chối" in page.text("#junctions"))
    assert page.one(".priority").get_attribute("title").startswith("bus-26/r1: <b>fixed</b> · 2 ")
    page.one("#lang-en").click()
    page.until(lambda: "Priority bus-26/r1: rejected" in page.text("#junctions"))
    page.one("#lang-vi").click()
    assert page.errors() == []


def test_refused_plan_names_rule_and_cure(page: Page) -> None:
    page.until(lambda: "max_red" in page.text("#plans"))
    assert "serve it after at most 150 s" in page.text("#plans")
    assert "bị từ chối" in page.text("#plans")


def test_a_violation_is_opened_looked_at_and_approved(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    store = centre[1]
    page.until(lambda: page.all("[data-violation=v1]"))
    page.press("[data-violation=v1]")
    page.until(lambda: page.all("#to-in_review"))
    page.press("#to-in_review")
    page.until(lambda: "Hãy ghi họ tên" in page.text(".message"))
    assert [row.action for row in store.audit("v1")] == ["auto_checked", "reported"]
    page.one("#person").send_keys("Nguyễn Thị An", Keys.TAB)
    page.press("#to-in_review")
    page.until(lambda: len(page.all(".thumbs img")) == 4)
    page.until(lambda: page.driver.execute_script("return document.querySelector('figure > img').naturalWidth > 0"))
    assert page.all(".trace .band.red")
    assert page.all(".trace .band.amber")
    assert page.text(".flow .here") == "Đang duyệt"
    assert len(page.all(".checks .ok")) == 6
    checks = page.text(".checks")
    assert "đúng là gói mà báo cáo nêu" in checks
    assert "the bundle" not in checks
    page.press("#to-approved")
    page.until(lambda: page.all("dialog .chip.approved"))
    case = store.violation("v1")
    assert case is not None
    assert (case.state, case.approvers) == ("approved", ("Nguyễn Thị An",))
    assert {row.detail for row in store.audit("v1") if row.action == "looked"} >= {"before.jpg", "at.jpg", "beyond.jpg"}
    assert page.all("#to-owner_identified:disabled")
    assert "ghi chủ xe trước" in page.text(".blocked")
    page.press("#open-owner")
    page.until(lambda: page.all("#owner-name"))
    page.one("#owner-name").send_keys("Trần Văn B")
    page.one("#owner-source").send_keys("csgt.vn")
    page.press("#save-owner")
    page.until(lambda: page.all("#to-owner_identified:enabled"))
    page.type(Keys.ESCAPE)
    page.until(lambda: page.all("[data-violation=v1] .chip.approved"))
    assert page.errors() == []


def test_a_case_without_evidence_can_be_rejected_with_a_reason_and_not_approved(
    page: Page, centre: tuple[NetworkState, SqliteStore]
) -> None:
    store = centre[1]
    Desk(store, bundles_of(store), RULES).move("v2", CaseState.IN_REVIEW, person="An", now_s=NOW)
    page.until(lambda: page.all("[data-violation=v2] .chip.in_review"))
    page.press("[data-violation=v2]")
    page.until(lambda: page.all("#to-rejected"))
    assert "Không có gói bằng chứng" in page.text(".pictures")
    page.one("#person").clear()
    page.one("#person").send_keys("Bình", Keys.TAB)
    page.until(lambda: page.all("#to-approved:disabled"))
    assert "bằng chứng chưa tới" in page.text(".blocked")
    page.press("#to-rejected")
    page.until(lambda: "Hãy chọn lý do" in page.text(".message"))
    page.choose("#reason", "directed")
    page.one("#words").send_keys("ngã tư Tràng Tiền")
    page.press("#to-rejected")
    page.until(lambda: page.all("dialog .chip.rejected"))
    case = store.violation("v2")
    assert case is not None
    assert (case.reason, case.words, case.reviewer) == ("directed", "ngã tư Tràng Tiền", "Bình")
    assert "Bình" in page.text(".message.told")


def test_the_keyboard_takes_a_step_turns_stills_and_goes_to_the_next_case(
    page: Page, centre: tuple[NetworkState, SqliteStore]
) -> None:
    page.driver.execute_script("localStorage.setItem('nutgiao.reviewer', 'An')")
    page.until(lambda: page.all("[data-violation=v1]"))
    page.press("[data-violation=v1]")
    page.until(lambda: page.all(".thumbs img"))
    page.type(Keys.ARROW_RIGHT)
    page.until(lambda: page.one("#thumb-1").get_attribute("aria-pressed") == "true")
    page.type("1")
    page.until(lambda: page.all("dialog .chip.in_review"))
    page.type("j")
    page.until(lambda: "Đi ngược chiều" in page.text("#case-title"))
    page.driver.execute_script("localStorage.removeItem('nutgiao.reviewer')")
    assert page.errors() == []


def test_kinds_of_plug_ins_are_shown_by_their_name_and_zones_without_an_approach(
    page: Page, centre: tuple[NetworkState, SqliteStore]
) -> None:
    report = Voice(SITE, boot="b4").violation(NOW, "v7")
    strange = msgspec.structs.replace(report, kind="acme.loud_horn", approach=None, lane=None, zone="school")
    centre[1].add_violation(strange, NOW)
    page.until(lambda: page.all("[data-violation=v7]"))
    row = page.text("[data-violation=v7]")
    assert "acme.loud_horn" in row
    assert "school" in row
    assert "null" not in row
    page.choose("#filter-kind", "acme.loud_horn")
    page.until(lambda: len(page.all("[data-violation]")) == 1)
    for kind in ViolationKind:
        assert page.driver.execute_script("const w = await import('./words.js'); return w.knows(arguments[0])", kind), (
            kind
        )


def test_a_case_is_exported_from_the_page(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    page.until(lambda: page.all("[data-violation=v1]"))
    page.press("[data-violation=v1]")
    page.until(lambda: page.all("#export"))
    page.one("#person").send_keys("An", Keys.TAB)
    page.press("#export")
    page.until(lambda: any(row.action == "exported" for row in centre[1].audit("v1")))
    page.until(lambda: "xuất hồ sơ" in page.text("dialog .trail"))
    assert page.errors() == []


@pytest.mark.parametrize(
    "said",
    [
        "pictures against lamps +0.120 s (bound 0.5 s); the other was not measured",
        "calibrated on 2026-01-31, 12 days before, 0.11 m; the limit is 365 days",
        "the clip lacks no picture for 1.4 s, from -2.0 s of the act on; no codec for a clip works on this box",
        "unreadable: too small",
        "Decree 168/2024, 7.7(c) holds from 2025-01-01 to today, not on 2024-12-31; unsure: $& {law} $1",
        "<b>follows</b> {case}; follows {case}",
    ],
)
def test_page_and_document_say_the_same(page: Page, said: str) -> None:
    script = "const w = await import('./words.js'); return w.sentence(arguments[0])"
    assert page.driver.execute_script(script, said) == Words("vi").sentence(said) != said


def test_language_is_switched_and_remembered(page: Page) -> None:
    assert page.text("#plans-title") == "Kế hoạch tín hiệu"
    page.one("#lang-en").click()
    assert page.text("#plans-title") == "Signal plans"
    assert "12 veh · 31 m" in page.text("#corridor")
    page.open(1366, 768)
    assert page.text("#plans-title") == "Signal plans"
    assert page.one("html").get_attribute("lang") == "en"
    page.one("#lang-vi").click()
    assert page.text("#plans-title") == "Kế hoạch tín hiệu"


def test_result_shows_both_plans_and_the_difference(page: Page) -> None:
    page.one("#tab-result").click()
    page.until(lambda: "Độ trễ trung bình" in page.text("#result"))
    for words in ("61,2", "47,9", "-13,3", "58,0 … 64,4", "92 %", "88 %"):
        assert words in page.text("#result")
    assert page.text("#progress-text") == "40 % · lượt 2/3"


def test_everything_fits_a_small_desk_screen_without_scrolling(page: Page) -> None:
    size = (
        "return [document.documentElement.scrollWidth, innerWidth, document.documentElement.scrollHeight, innerHeight]"
    )
    width, room, height, high = page.driver.execute_script(size)
    assert width <= room
    assert height <= high


def test_a_phone_has_one_column_and_never_scrolls_sideways(page: Page) -> None:
    page.open(390, 844)
    page.until(lambda: page.all("[data-violation=v1]"))
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 390
    lefts = {round(each.rect["x"]) for each in page.all("main > section")}
    assert len(lefts) == 1
    page.driver.execute_script("document.querySelector('[data-violation=v1]').click()")
    page.until(lambda: page.all("dialog[open] #person"))
    assert page.driver.execute_script(
        "const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth"
    )
    assert page.errors() == []


def test_the_clip_plays_in_the_page(page: Page, centre: tuple[NetworkState, SqliteStore], tmp_path: Path) -> None:
    path = tmp_path / "clip.webm"
    film = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"VP80"), 10.0, (320, 180))
    for k in range(10):
        film.write(np.full((180, 320, 3), 20 * k, np.uint8))
    film.release()
    sealed, body = Sealer(BOX.key).seal(Voice(SITE, boot="b4").violation(NOW, "v6"), clip=path.read_bytes())
    centre[1].add_violation(sealed, NOW)
    (centre[1].evidence / "v6.zip").write_bytes(body)
    page.driver.execute_script("localStorage.setItem('nutgiao.reviewer', 'An')")
    page.until(lambda: page.all("[data-violation=v6]"))
    page.press("[data-violation=v6]")
    page.until(lambda: page.driver.execute_script("return document.querySelector('dialog video')?.readyState >= 2"))
    page.driver.execute_script("localStorage.removeItem('nutgiao.reviewer')")
    assert page.errors() == []


@pytest.mark.parametrize(
    "evil",
    ["<img src=x onerror=alert(1)>", "\u202eđảo ngược\x00\x1b[2J", "Đ" * 10_000, "'\"><svg/onload=alert(1)>"],
    ids=["markup", "direction", "long", "quotes"],
)
def test_text_from_the_network_is_shown_as_text(
    page: Page, centre: tuple[NetworkState, SqliteStore], evil: str
) -> None:
    store = centre[1]
    report = Voice(SITE, boot="b4").violation(NOW, "v8")
    hostile = msgspec.structs.replace(report, track=evil, approach=evil, zone=evil, lane=evil, numbers={evil: 1.0})
    sealed, body = Sealer(BOX.key).seal(hostile, plate=PlateNote(text=evil, confidence=0.5))
    store.add_violation(sealed, NOW)
    (store.evidence / "v8.zip").write_bytes(body)
    Auto(store, bundles_of(store), RULES).check_new(NOW)
    store.note(evil, evil, "v8", evil, NOW)
    page.driver.execute_script("localStorage.setItem('nutgiao.reviewer', 'An')")
    page.until(lambda: page.all("[data-violation=v8] .chip.auto_checked"))
    page.press("[data-violation=v8]")
    page.until(lambda: page.all(".thumbs img"))
    page.driver.execute_script("localStorage.removeItem('nutgiao.reviewer')")
    shown = page.text("dialog")
    assert plain(evil)[:20] in shown
    assert "\u202e" not in page.text("dialog .figures table")
    assert page.all("img[src=x], svg[onload]") == []
    width, room = page.driver.execute_script(
        "const d = document.querySelector('dialog'); return [d.scrollWidth, d.clientWidth]"
    )
    assert width <= room
    assert page.errors() == []


def test_a_lost_centre_is_said_and_found_again(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    state, store = centre
    page.server.close()
    page.until(
        lambda: "Mất kết nối tới trung tâm" in page.text("#lost") and not page.one("#lost").get_attribute("hidden")
    )
    app = page_of(state, store, stream_pause_s=0.1)
    with WebServer(app, port=page.server.port):
        page.until(lambda: page.one("#lost").get_attribute("hidden"))
        page.driver.get("about:blank")


def test_no_violations_yet_is_said(driver: webdriver.Chrome, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    app = page_of(NetworkState([SITE]), store)
    with WebServer(app) as server:
        page = Page(driver, server)
        driver.get(server.url)
        page.until(lambda: page.text("#violations") == "Chưa có vi phạm nào")
        page.until(lambda: page.text("#plans") == "Chưa gửi kế hoạch nào")
        page.until(lambda: "Mất liên lạc" in page.text("#junctions"))
        assert {each.get_attribute("data-indication") for each in page.all("#corridor .lamp")} == {"unknown"}
        driver.get("about:blank")
