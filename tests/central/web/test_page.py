"""The page in a real browser: what an operator sees and does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.app import make_app
from nutgiao.central.web.serve import WebServer
from nutgiao.models.contracts.messages import PriorityStatus
from nutgiao.models.contracts.priority import PriorityItem, PriorityState
from nutgiao.models.contracts.words import ControlSource
from tests.support.browser import browser
from tests.support.centre import NOW, SITE, filled
from tests.support.voice import Voice

PATIENCE_S = 15
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
    app = make_app(
        state,
        store,
        store.evidence,
        clock=lambda: NOW,
        verify=lambda path, node: None,
        result=lambda: RESULT,
        stream_pause_s=0.1,
    )
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


def test_a_violation_is_opened_looked_at_and_confirmed(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    store = centre[1]
    page.until(lambda: page.all("[data-violation=v1]"))
    page.one("[data-violation=v1]").click()
    page.until(lambda: page.all("#to-in_review"))
    page.one("#to-in_review").click()
    page.until(lambda: "Hãy ghi tên người duyệt" in page.text(".message"))
    assert [row.action for row in store.audit("v1")] == ["reported"]
    page.one("#reviewer").send_keys("Nguyễn Thị An")
    page.one("#to-in_review").click()
    page.until(lambda: len(page.all(".thumbs img")) == 3)
    page.until(lambda: page.driver.execute_script("return document.querySelector('figure > img').naturalWidth > 0"))
    assert page.all(".trace .band.red")
    assert page.all(".trace .band.green")
    page.one("#to-confirmed").click()
    page.until(lambda: page.all("dialog .chip.confirmed"))
    case = store.violation("v1")
    assert case is not None
    assert (case.state, case.reviewer) == ("confirmed", "Nguyễn Thị An")
    assert {row.detail for row in store.audit("v1") if row.action == "looked"} >= {"before.jpg", "at.jpg", "beyond.jpg"}
    page.one("#close").send_keys(Keys.ESCAPE)
    page.until(lambda: page.all("[data-violation=v1] .chip.confirmed"))
    assert page.errors() == []


def test_rejecting_without_a_reason_is_not_sent(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    store = centre[1]
    store.move_violation("v2", before="pending", after="in_review", reviewer="An", reason="", now_s=NOW)
    page.until(lambda: page.all("[data-violation=v2] .chip.in_review"))
    page.one("[data-violation=v2]").click()
    page.until(lambda: page.all("#to-rejected"))
    assert "Không có gói bằng chứng" in page.text(".pictures")
    page.one("#reviewer").clear()
    page.one("#reviewer").send_keys("Bình")
    page.one("#to-rejected").click()
    assert "Hãy ghi lý do" in page.text(".message")
    page.one("#reason").send_keys("cảnh sát điều khiển")
    page.one("#to-rejected").click()
    page.until(lambda: page.all("dialog .chip.rejected"))
    case = store.violation("v2")
    assert case is not None
    assert case.reason == "cảnh sát điều khiển"


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
    page.until(lambda: page.all("dialog[open] #reviewer"))
    assert page.driver.execute_script(
        "const d = document.querySelector('dialog'); return d.scrollWidth <= d.clientWidth"
    )
    assert page.errors() == []


def test_text_from_the_network_is_shown_as_text(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    evil = "<img src=x onerror=alert(1)>"
    store = centre[1]
    store.move_violation("v2", before="pending", after="in_review", reviewer=evil, reason=evil, now_s=NOW)
    page.until(lambda: page.all("[data-violation=v2] .chip.in_review"))
    page.one("[data-violation=v2]").click()
    page.until(lambda: evil in page.text("dialog .trail"))
    assert page.all("img[src=x]") == []


def test_a_lost_centre_is_said_and_found_again(page: Page, centre: tuple[NetworkState, SqliteStore]) -> None:
    state, store = centre
    page.server.__exit__(None, None, None)
    page.until(
        lambda: "Mất kết nối tới trung tâm" in page.text("#lost") and not page.one("#lost").get_attribute("hidden")
    )
    app = make_app(state, store, store.evidence, clock=lambda: NOW, verify=lambda path, node: None, stream_pause_s=0.1)
    with WebServer(app, port=page.server.port):
        page.until(lambda: page.one("#lost").get_attribute("hidden"))
        page.driver.get("about:blank")


def test_no_violations_yet_is_said(driver: webdriver.Chrome, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    app = make_app(NetworkState([SITE]), store, store.evidence, clock=lambda: NOW, verify=lambda path, node: None)
    with WebServer(app) as server:
        page = Page(driver, server)
        driver.get(server.url)
        page.until(lambda: page.text("#violations") == "Chưa có vi phạm nào")
        page.until(lambda: page.text("#plans") == "Chưa gửi kế hoạch nào")
        page.until(lambda: "Mất liên lạc" in page.text("#junctions"))
        assert {each.get_attribute("data-indication") for each in page.all("#corridor .lamp")} == {"unknown"}
        driver.get("about:blank")
