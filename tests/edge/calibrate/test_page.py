"""The calibration page in a real browser: what an installer beside the road sees and does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from nutgiao.configs.loader import load_site
from nutgiao.configs.site_file import SiteFile
from nutgiao.edge.calibrate.desk import Desk
from nutgiao.edge.calibrate.serve import DeskServer
from nutgiao.models.contracts.words import ZoneKind
from tests.support.browser import browser
from tests.support.new_camera import MARKS, NEW_CAMERA, PICTURE, on_the_picture

PATIENCE_S = 60


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    yield from browser()


class Page:
    """What a person can do with the page."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        metrics = {"width": 1366, "height": 768, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get_log("browser")
        driver.get(url)
        self.until(lambda: driver.execute_script("return document.body.dataset.ready"))
        if self.text("#language") == "English":
            self.press("#language")

    def until(self, true: Callable[[], object]) -> None:
        WebDriverWait(self.driver, PATIENCE_S, 0.05).until(lambda _: true())

    def text(self, selector: str) -> str:
        words = self.driver.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)
        return str(words)

    def press(self, selector: str) -> None:
        """Clicks as a person does, who tries again when the page was drawn anew under the finger."""

        def clicked() -> bool:
            try:
                self.driver.find_element(By.CSS_SELECTOR, selector).click()
            except StaleElementReferenceException:
                return False
            return True

        self.until(clicked)

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Where a pixel of the still lies in the window."""
        script = (
            "const at = new DOMPoint(arguments[0], arguments[1])"
            ".matrixTransform(document.getElementById('view').getScreenCTM()); return [at.x, at.y]"
        )
        x, y = self.driver.execute_script(script, u, v)
        return float(x), float(y)

    def click(self, u: float, v: float) -> None:
        x, y = self.at(u, v)
        chain = ActionChains(self.driver)
        chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        chain.w3c_actions.pointer_action.click()
        chain.perform()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        chain = ActionChains(self.driver)
        pointer = chain.w3c_actions.pointer_action
        pointer.move_to_location(*(round(one) for one in self.at(*start)))
        pointer.pointer_down()
        pointer.move_to_location(*(round(one) for one in self.at(*end)))
        pointer.pointer_up()
        chain.perform()

    def pair(self, k: int, u: float, v: float, x: float, y: float) -> None:
        """Clicks a point and types its place, as the page leads: the field of x is ready at once."""
        self.click(u, v)
        self.until(lambda: self.driver.switch_to.active_element.get_attribute("id") == f"x{k}")
        self.driver.switch_to.active_element.send_keys(f"{x:.2f}", Keys.ENTER, f"{y:.2f}", Keys.ENTER)


@pytest.fixture
def page(driver: webdriver.Chrome, tmp_path: Path) -> Iterator[Page]:
    """The page of a camera that nobody has calibrated."""
    (tmp_path / "site.yaml").write_text(NEW_CAMERA, encoding="utf-8")
    still = np.full((PICTURE[1], PICTURE[0], 3), 90, np.uint8)
    desk = Desk(SiteFile(tmp_path / "site.yaml"), "cam", None, lambda: datetime(2026, 3, 4, 5, 6, 7))
    with DeskServer(desk, cv2.imencode(".jpg", still)[1].tobytes()) as server:
        yield Page(driver, server.url)
        driver.execute_script("window.onbeforeunload = null")
        driver.get("about:blank")


def test_four_clicks_and_more_show_the_error_and_make_a_camera(page: Page, tmp_path: Path) -> None:
    before = (tmp_path / "site.yaml").read_text(encoding="utf-8")
    page.until(lambda: "4 points with x, y are needed; there are 0" in page.text("#verdict"))
    pixels = on_the_picture(MARKS)
    for k, ((u, v), (x, y)) in enumerate(zip(pixels[:4], MARKS[:4], strict=True)):
        page.pair(k, u, v, x, y)
    page.until(lambda: "6 points are needed to check" in page.text("#verdict"))
    for k, ((u, v), (x, y)) in enumerate(zip(pixels[4:], MARKS[4:], strict=True), start=4):
        page.pair(k, u, v, x, y)
    page.until(lambda: page.text("#error").startswith("± 0."))
    assert float(page.text("#error").removeprefix("±").removesuffix("m")) < 0.4
    assert page.driver.find_elements(By.CSS_SELECTOR, ".gridline")
    assert page.driver.find_elements(By.CSS_SELECTOR, ".stopline")
    # a wrong one is named, and undo takes it back
    page.pair(7, pixels[0, 0] + 160.0, pixels[0, 1] - 60.0, *MARKS[0] + [2.5, -1.0])
    page.until(lambda: "Point 8 is wrong" in page.text("#verdict"))
    page.press("#language")
    page.until(lambda: "Điểm 8 sai" in page.text("#verdict"))
    page.press("#language")
    for _ in range(20):
        if len(page.driver.find_elements(By.CSS_SELECTOR, "[id^=off]")) == 7:  # the verdict comes later
            break
        page.press("#undo")
    page.until(lambda: page.text("#error").startswith("± 0."))
    # a stop line of two lanes, a zone and a lamp
    page.press("[data-tool=lines]")
    for u, v in on_the_picture(np.array([[-7.0, 0.0], [-3.5, 0.0], [0.0, 0.0]])):
        page.click(u, v)
    page.press("[data-tool=zones]")
    for u, v in on_the_picture(np.array([[0.0, -2.0], [-7.0, -2.0], [-7.0, -6.0], [0.0, -6.0]])):
        page.click(u, v)
    page.press("#close")
    page.press("#kind0 option[value=box]")
    page.press("[data-tool=lamps]")
    for colour, top in (("red", 40.0), ("green", 70.0), ("tens", 10.0)):
        page.press(f"#colour option[value={colour}]")
        page.drag((1100.0, top), (1120.0, top + 20.0))
    assert (tmp_path / "site.yaml").read_text(encoding="utf-8") == before
    page.press("#save")
    page.until(lambda: "Saved to" in page.text("#toast"))
    site = load_site(tmp_path / "site.yaml")
    (camera,) = site.cameras
    assert len(camera.ground_pairs) == 7
    assert camera.calibration.made == "2026-03-04"
    assert [lane.id for lane in site.approaches[0].lanes] == ["north_a", "north_b"]
    assert site.approaches[0].lanes[0].width_m == pytest.approx(3.5, abs=0.25)
    assert site.approaches[0].heading_deg == pytest.approx(180.0, abs=3.0)
    assert site.approaches[0].origin_m == pytest.approx((-7.0, 0.0), abs=0.2)
    assert (site.zones[0].id, site.zones[0].kind) == ("zone_1", ZoneKind.BOX)
    assert np.abs(np.array(site.zones[0].polygon_m)).max() == pytest.approx(7.0, abs=0.5)
    assert camera.lamps[0].red_px == pytest.approx((1100, 40, 1120, 60), abs=2)
    assert camera.lamps[0].digits_px[10] == pytest.approx((1100, 10, 1120, 30), abs=2)
    text = (tmp_path / "site.yaml").read_text(encoding="utf-8")
    assert "# measured by hand" in text
    assert (tmp_path / "site.yaml.20260304T050607.bak").read_text(encoding="utf-8") == before
    assert not [one for one in page.driver.get_log("browser") if one["level"] == "SEVERE"]


def test_everything_can_be_done_with_the_keyboard(page: Page) -> None:
    stage = page.driver.find_element(By.ID, "stage")
    stage.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    page.until(lambda: page.driver.switch_to.active_element.get_attribute("id") == "x0")
    page.driver.switch_to.active_element.send_keys("1,5", Keys.ENTER, "2", Keys.ENTER)
    page.until(lambda: page.driver.switch_to.active_element.get_attribute("id") == "stage")
    page.until(lambda: "there are 1" in page.text("#verdict"))
    stage.send_keys(Keys.CONTROL, "z")
    stage.send_keys(Keys.NULL)
    stage.send_keys(Keys.ESCAPE, "2")
    page.until(
        lambda: page.driver.find_element(By.CSS_SELECTOR, "[data-tool=lines]").get_attribute("aria-checked") == "true"
    )
    stage.send_keys("+")
    width = float(str(page.driver.find_element(By.ID, "view").get_dom_attribute("viewBox")).split()[2])
    assert width < PICTURE[0]
    nameless = page.driver.execute_script(
        "return [...document.querySelectorAll('button, input, select')].filter((one) => !(one.textContent.trim()"
        " || one.getAttribute('aria-label') || one.closest('label'))).length"
    )
    assert nameless == 0


def test_a_save_that_the_loader_refuses_changes_nothing_and_says_why(page: Page, tmp_path: Path) -> None:
    before = (tmp_path / "site.yaml").read_text(encoding="utf-8")
    pixels = on_the_picture(MARKS)
    for k in range(3):
        page.pair(k, *pixels[k], *MARKS[k])
    page.press("#save")
    page.until(lambda: "4 or more" in page.text("#toast"))
    assert "ground_pairs" in page.text("#toast")
    assert (tmp_path / "site.yaml").read_text(encoding="utf-8") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.yaml"]
