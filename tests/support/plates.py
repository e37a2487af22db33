"""The reader of plates with its real weights, for tests: pulled once into this user's store."""

from __future__ import annotations

import csv
import functools
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from nutgiao.configs.plates import load_plate_law
from nutgiao.edge.detect.store import WeightsStore, store_folder
from nutgiao.edge.plates.finder import TextFinder
from nutgiao.edge.plates.reader import PlateReader
from nutgiao.edge.plates.recogniser import TextRecogniser
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import TEXT_FINDER, TEXT_READER, TextCard
from nutgiao.models.vision.plates.grammar import PlateGrammar
from tests.conftest import missing

DAY = "2026-11-22"
FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",
)
BACKGROUNDS = {"white": (235, 235, 235), "yellow": (240, 190, 20), "blue": (20, 70, 190), "red": (190, 20, 25)}


@functools.cache
def text_weights(card: TextCard) -> Path:
    """The checked file; skips the test (fails in CI) where it cannot be had."""
    try:
        return WeightsStore(store_folder(os.environ, Path.home())).pull(card, confirm=lambda _: True)
    except ModelUnavailable as error:
        missing(str(error))
        raise


@functools.cache
def plate_grammar(day: str = DAY) -> PlateGrammar:
    """Vietnam's forms on a day."""
    return PlateGrammar(load_plate_law(), day)


@functools.cache
def plate_reader() -> PlateReader:
    """The whole reader."""
    grammar = plate_grammar()
    recogniser = TextRecogniser(text_weights(TEXT_READER), grammar.letters, grammar.law.read_as)
    return PlateReader(TextFinder(text_weights(TEXT_FINDER)), recogniser, grammar)


def labelled_crops(street_data: Callable[[str], Path]) -> list[tuple[Path, str]]:
    """Files of the development crops and what stands on them."""
    table = street_data("plates_vn/labels_dev.csv")
    with table.open(encoding="utf-8") as stream:
        return [(table.parent / "images" / row["file"], row["text"]) for row in csv.DictReader(stream)]


def picture(path: Path) -> NDArray[np.uint8]:
    """A picture from a file, BGR."""
    return np.asarray(cv2.imread(str(path)), np.uint8)


def drawn(rows: tuple[str, ...], background: str = "white") -> NDArray[np.uint8]:
    """A plate drawn with a font that has Đ, 60 px high letters, BGR."""
    path = next((name for name in FONTS if Path(name).exists()), None)
    if path is None:
        pytest.skip("no font with Đ on this machine")
    font = ImageFont.truetype(path, 60)
    width = max(int(font.getlength(row)) for row in rows) + 40
    image = Image.new("RGB", (width, 80 * len(rows) + 20), BACKGROUNDS[background])
    ink = (10, 10, 10) if background in ("white", "yellow") else (240, 240, 240)
    for number, row in enumerate(rows):
        left = (width - font.getlength(row)) / 2
        ImageDraw.Draw(image).text((left, 10 + 80 * number), row, fill=ink, font=font)
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1], np.uint8)
