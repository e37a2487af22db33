"""Pictures in a document: stills as they came, and the vehicle's way to the line over the colour of its lamp."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image as Pixels
from reportlab.lib import colors
from reportlab.platypus import Flowable, Image

from nutgiao.central.cases.sheet import BOLD, LINE, REGULAR, SOFT
from nutgiao.central.cases.words import Words

PIXELS_LIMIT = 40_000_000
"""A picture of more is not opened: a small file can unpack to gigabytes."""

ROWS_LIMIT = 5_000
HEIGHT = 92.0
LEFT, RIGHT, BAND, FOOT = 34.0, 6.0, 9.0, 11.0
_COLOURS = {"red": "#d0302a", "amber": "#e0a010", "green": "#2b9a55"}
_LAMPS = {
    "red": "red", "red_amber": "amber", "amber": "amber", "flashing_amber": "amber", "green": "green",
    "permissive_green": "green",
}  # fmt: skip
_LETTERS = {"vi": {"red": "Đ", "amber": "V", "green": "X"}, "en": {"red": "R", "amber": "A", "green": "G"}}


def picture(data: bytes, width: float, height: float) -> Image | None:
    """A picture fitted into a box of points; None if it is none or far too large."""
    try:
        with Pixels.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
            across, down = opened.size
            if across * down > PIXELS_LIMIT:
                return None
            opened.load()
    except (OSError, ValueError, SyntaxError, Pixels.DecompressionBombError):  # what Pillow raises on damaged pictures
        return None
    scale = min(width / across, height / down)
    return Image(io.BytesIO(data), width=across * scale, height=down * scale)


@dataclass(frozen=True, slots=True)
class Point:
    """Where the vehicle was: seconds from the act, metres before the line, and the lamp then."""

    s: float
    x_m: float
    lamp: str


def read_trace(data: bytes, occurred_s: float) -> list[Point]:
    """Reads a bundle's trace; empty if it is none."""
    points = []
    try:
        for row, _ in zip(csv.DictReader(io.StringIO(data.decode())), range(ROWS_LIMIT), strict=False):
            s, x_m = float(row["time_s"]) - occurred_s, float(row["x_m"])
            if math.isfinite(s) and math.isfinite(x_m):
                points.append(Point(s, x_m, _LAMPS.get(row.get("lamp") or "", "")))
    except (ValueError, KeyError, TypeError, csv.Error):
        return []
    return points if len(points) > 1 and points[-1].s > points[0].s else []


class TraceDrawing(Flowable):  # type: ignore[misc]
    """The way to the line over time, with a band of the lamp's colour told by its letter as well.

    Args:
        points: at least two, in order of time.
        width: points.
        words: of the document's language.
    """

    def __init__(self, points: list[Point], width: float, words: Words) -> None:
        super().__init__()
        self.width, self.height = width, HEIGHT
        self._points, self._words = points, words

    def draw(self) -> None:
        """Draws on the canvas that platypus has given it."""
        points, canvas = self._points, self.canv
        first, last = points[0].s, points[-1].s
        top, low = max(2.0, *(p.x_m for p in points)), min(-2.0, *(p.x_m for p in points))
        plot = HEIGHT - FOOT - BAND - 4.0

        def across(s: float) -> float:
            return LEFT + (s - first) / (last - first) * (self.width - LEFT - RIGHT)

        def up(x_m: float) -> float:
            return FOOT + BAND + 2.0 + (x_m - low) / (top - low) * plot

        self._band(across)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(across(min(max(0.0, first), last)), FOOT, across(min(max(0.0, first), last)), HEIGHT)
        canvas.setStrokeColor(colors.black)
        canvas.setLineWidth(1.1)
        canvas.line(LEFT, up(0.0), self.width - RIGHT, up(0.0))
        canvas.setFont(REGULAR, 6.5)
        canvas.setFillColor(SOFT)
        marks = {up(0.0): "0 m", up(top): f"{self._words.number(top, 0)} m", up(low): f"{self._words.number(low, 0)} m"}
        drawn: list[float] = []
        for y, told in marks.items():
            if all(abs(y - other) > 7.0 for other in drawn):
                canvas.drawRightString(LEFT - 3, min(y - 2, HEIGHT - 6), told)
                drawn.append(y)
        for s, draw in ((first, canvas.drawString), (last, canvas.drawRightString)):
            draw(across(s), 2, f"{'+' if s > 0 else ''}{self._words.number(s, 1)} s")
        if first < 0.0 < last:
            canvas.drawCentredString(across(0.0), 2, "0 s")
        path = canvas.beginPath()
        path.moveTo(across(points[0].s), up(points[0].x_m))
        for point in points[1:]:
            path.lineTo(across(point.s), up(point.x_m))
        canvas.setStrokeColor(colors.HexColor("#17609f"))
        canvas.drawPath(path)

    def _band(self, across: Callable[[float], float]) -> None:
        points, canvas = self._points, self.canv
        start = 0
        for k in range(1, len(points) + 1):
            if k < len(points) and points[k].lamp == points[start].lamp:
                continue
            lamp = points[start].lamp
            left, right = across(points[start].s), across(points[min(k, len(points) - 1)].s)
            canvas.setFillColor(colors.HexColor(_COLOURS.get(lamp, "#8a949e")))
            canvas.rect(left, FOOT, right - left, BAND, stroke=0, fill=1)
            if right - left > 9.0:
                canvas.setFillColor(colors.white)
                canvas.setFont(BOLD, 6.5)
                letter = _LETTERS[self._words.language].get(lamp, "?")
                canvas.drawCentredString((left + right) / 2, FOOT + 2.3, letter)
            start = k
