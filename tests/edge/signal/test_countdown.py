from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.video import open_source
from nutgiao.edge.signal.countdown import Countdown, CountdownReader
from nutgiao.edge.signal.lamp import LampReader
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import Indication

CLIP = "hn_giangvo_langha_6fps.mp4"
LIT = ("1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011")
"""Strokes of each digit: top, left top, right top, middle, left bottom, right bottom, bottom."""
RED, GREEN = (40, 30, 250), (190, 200, 40)


def drawn_digit(picture: NDArray[np.uint8], digit: int, at: tuple[int, int], high: int, colour: object) -> None:
    """Bars with gaps between them, as a real display has."""
    x, y = at
    w, t = high // 2, max(1, round(high / 9))
    half = high // 2
    bars = (
        (x + t, y, x + w - t, y + t), (x, y + t, x + t, y + half), (x + w - t, y + t, x + w, y + half),
        (x + t, y + half - t // 2, x + w - t, y + half - t // 2 + t), (x, y + half + 1, x + t, y + high - t),
        (x + w - t, y + half + 1, x + w, y + high - t), (x + t, y + high - t, x + w - t, y + high),
    )  # fmt: skip
    for bar, lit in zip(bars, LIT[digit], strict=True):
        if lit == "1":
            picture[bar[1] : bar[3], bar[0] : bar[2]] = colour


def display(value: int | None, high: int, colour: object = RED) -> NDArray[np.uint8]:
    """Tens and ones of so many pixels; a leading nought is dark, and None is a display that is off."""
    picture = np.full((high + 30, high + 50, 3), 35, np.uint8)
    if value is not None:
        if value >= 10:
            drawn_digit(picture, value // 10, (15, 15), high, colour)
        drawn_digit(picture, value % 10, (15 + high // 2 + 4, 15), high, colour)
    return picture


def boxes(high: int) -> dict[int, tuple[int, int, int, int]]:
    w = high // 2
    return {10: (15, 15, 15 + w, 15 + high), 1: (15 + w + 4, 15, 15 + 2 * w + 4, 15 + high)}


def told(
    reader: CountdownReader, values: Callable[[float], int | None], seconds: float, fps: float, high: int, seed: int
) -> Iterator[tuple[float, Countdown | None]]:
    random = np.random.default_rng(seed)
    for k in range(round(seconds * fps)):
        clean = cv2.GaussianBlur(display(values(k / fps), high), (0, 0), 0.6)
        noisy = np.clip(clean + random.normal(0.0, 6.0, clean.shape), 0, 255).astype(np.uint8)
        yield k / fps, reader.read(noisy, k / fps)


@given(
    end_s=st.floats(6.0, 98.0),
    high=st.sampled_from([12, 16, 24, 44]),
    fps=st.sampled_from([4.0, 6.0, 15.0]),
    seed=st.integers(0, 99),
)
def test_a_display_is_told_within_seconds_and_never_wrongly(end_s: float, high: int, fps: float, seed: int) -> None:
    reader, sure = CountdownReader(boxes(high)), 0
    for time_s, shown in told(reader, lambda t: math.floor(end_s - t), min(end_s - 0.5, 9.0), fps, high, seed):
        if shown is not None:
            assert shown.value_s == pytest.approx(end_s - time_s, abs=1.6), time_s
            sure += 1
    assert sure > 0


def test_a_display_that_begins_anew_is_not_told_by_its_old_end() -> None:
    shown = dict(
        told(CountdownReader(boxes(20)), lambda t: math.floor((12.0 if t < 5.0 else 65.0) - t), 14.0, 8.0, 20, 1)
    )
    assert {one.value_s for t, one in shown.items() if one and t < 5.0} <= set(range(6, 12))
    assert all(one is None or abs(one.end_s - 65.0) < 1.6 for t, one in shown.items() if t > 6.0)
    assert shown[13.0] is not None


@pytest.mark.parametrize(
    "values",
    [lambda t: None, lambda t: 88, lambda t: int(t * 8 * 37) % 100],
    ids=["off", "stands still", "shows something else"],
)
def test_what_does_not_count_down_is_not_told(values: Callable[[float], int | None]) -> None:
    assert all(one is None for _, one in told(CountdownReader(boxes(20)), values, 40.0, 8.0, 20, 2))


def test_a_display_that_leaves_the_picture_or_is_hidden_is_unknown() -> None:
    reader = CountdownReader(boxes(20))
    list(told(reader, lambda t: math.floor(50.0 - t), 6.0, 8.0, 20, 3))
    assert reader.read(display(44, 20), 6.0) is not None
    assert all(reader.read(display(None, 20), 6.0 + k / 8) is None for k in range(13, 24))
    assert CountdownReader({10: (0, 0, 10, 20)}).read(display(44, 20), 0.0) is None  # no rim to look at
    assert CountdownReader({10: (500, 500, 510, 520)}).read(display(44, 20), 0.0) is None


def head(lamp: Indication, value: int | None) -> NDArray[np.uint8]:
    picture = display(value, 20, RED if lamp is Indication.RED else GREEN)
    lamps = np.full((90, picture.shape[1], 3), 40, np.uint8)
    cv2.circle(lamps, (20, 20 if lamp is Indication.RED else 60), 8, RED if lamp is Indication.RED else GREEN, -1)
    return np.vstack([picture, lamps])


def test_red_before_a_green_that_still_counts_is_doubted_and_a_real_change_is_not() -> None:
    digits = boxes(20)
    lamp = LampBox(
        signal_group="g", red_px=(10, 60, 30, 80), green_px=(10, 100, 30, 120), tens_px=digits[10], ones_px=digits[1]
    )
    reader, shown = LampReader(lamp), {}
    for k in range(30 * 8):
        t = k / 8
        colour = Indication.RED if 8.0 <= t < 10.0 or t >= 20.0 else Indication.GREEN
        left_s = math.floor(
            (20.0 if t < 20.0 else 60.0) - t
        )  # something red stood there at 8 s; the lamp changes at 20 s
        picture = head(colour, left_s)
        if 8.0 <= t < 10.0:
            picture[:50] = head(Indication.GREEN, left_s)[:50]
        shown[t] = reader.read(picture, t)
    assert all(one.indication is not Indication.RED for t, one in shown.items() if t < 20.0)
    assert all(one.doubt for t, one in shown.items() if 8.0 <= t < 10.0)
    assert shown[11.0].indication is Indication.GREEN
    assert all(one.indication is Indication.RED for t, one in shown.items() if t > 20.5)


def test_the_tens_of_giang_vo_tell_the_end_of_its_red(street_data: Callable[[str], Path]) -> None:
    """Seen by eye: 6 turns to 5 at 11 s, and so every ten seconds; the ones are behind the hood. Red ends at 71 s."""
    reader, told_s = LampReader(load_site("giangvo").cameras[0].lamps[0]), []
    with open_source(str(street_data(f"clips/{CLIP}")), "cam_south") as source:
        for k in range(384):
            frame = source.read()
            assert frame is not None
            told_s += [news.ends_s for news in reader.news(frame.image, k / 6.02) if news.ends_s is not None]
    assert len(told_s) > 200
    assert max(abs(end_s - 71.0) for end_s in told_s) < 1.0
