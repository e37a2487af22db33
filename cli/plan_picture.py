"""A picture of boxes, lines, areas and words that is written as SVG by itself and as PNG by matplotlib."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from nutgiao.models.contracts.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, PALE, PAPER = "#222222", "#dddddd", "#ffffff"
CHARACTER_PX = 7.2
"""Width of a letter of 12 px, about."""

PNG_DPI = 200
"""Two dots for each pixel of the SVG: sharp on paper, too."""

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; `told` is shown where a mouse rests on it."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    told: str = ""
    edge: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    colour: str = INK
    width: float = 1.0
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Area:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; x and y are the start, middle or end of its base line."""

    x: float
    y: float
    told: str
    size: float = 12.0
    anchor: Anchor = "start"
    colour: str = ""
    bold: bool = False


@dataclass(slots=True)
class Picture:
    """Parts in the order in which they are drawn.

    Attributes:
        title: told to those who cannot see it.
        width: pixels.
        height: pixels.
        parts: what is drawn.
    """

    title: str
    width: float
    height: float
    parts: list[Box | Line | Area | Words] = field(default_factory=list)

    def svg(self) -> str:
        """The picture as a whole SVG document."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" font-family="sans-serif" font-size="12" '
            f'fill="{INK}">'
        )
        paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        return "\n".join([head, f"<title>{_plain(self.title)}</title>", paper, *map(_svg, self.parts), "</svg>"]) + "\n"

    def write_png(self, path: Path) -> None:
        """Draws the picture as PNG.

        Raises:
            OSError: if the file cannot be written.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(self.width / 100, self.height / 100), dpi=PNG_DPI, facecolor=PAPER)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(self.height, 0)
        for order, part in enumerate(self.parts):
            _paint(axes, part, order)
        figure.savefig(path, format="png", dpi=PNG_DPI)


def write_picture(out: Path | None, kind: str, picture: Picture) -> None:
    """Writes a picture as ``svg`` or ``png``; without a file SVG is printed.

    Raises:
        ConfigError: if the file cannot be written, or PNG is to be printed.
    """
    if kind == "svg":
        write_text(out, picture.svg())
    elif out is None:
        raise ConfigError("--format png", None, "", "a PNG is not printed.", "Name a file with --out FILE.png.")
    else:
        try:
            picture.write_png(out)
        except OSError as error:
            raise _unwritten(out, error) from error


def write_text(out: Path | None, told: str) -> None:
    """Writes a text, or prints it where there is no file.

    Raises:
        ConfigError: if the file cannot be written.
    """
    if out is None:
        sys.stdout.write(told)
        return
    try:
        out.write_text(told, encoding="utf-8")
    except OSError as error:
        raise _unwritten(out, error) from error


def _unwritten(out: Path, error: OSError) -> ConfigError:
    return ConfigError(str(out), None, "", f"cannot be written: {error.strerror}.", "Name another file.")


def legend(x: float, y: float, entries: Sequence[tuple[str, str, float]]) -> Iterator[Box | Words]:
    """Colours and what they mean, in a row.

    Args:
        x: left end.
        y: base line of the words.
        entries: colour, meaning and how thick the sample is, pixels.
    """
    for colour, told, thick in entries:
        yield Box(x, y - 5 - thick / 2, 22, thick, colour)
        yield Words(x + 28, y, told, 11)
        x += 28 + CHARACTER_PX * len(told) * 11 / 12 + 18


def _svg(part: Box | Line | Area | Words) -> str:
    match part:
        case Box():
            edge = f' stroke="{part.edge}"' if part.edge else ""
            shape = f'x="{part.x:.1f}" y="{part.y:.1f}" width="{part.width:.1f}" height="{part.height:.1f}"'
            title = f"><title>{_plain(part.told)}</title></rect>" if part.told else "/>"
            return f'<rect {shape} fill="{part.fill}"{edge}{title}'
        case Line():
            how = f'stroke="{part.colour}" stroke-width="{part.width:g}" fill="none"' + _opacity(part.opacity)
            return f'<polyline points="{_points(part.points)}" {how}/>'
        case Area():
            return f'<polygon points="{_points(part.points)}" fill="{part.fill}"{_opacity(part.opacity)}/>'
        case Words():
            words = [f'x="{part.x:.1f}" y="{part.y:.1f}" font-size="{part.size:g}"']
            words += [f'text-anchor="{part.anchor}"'] if part.anchor != "start" else []
            words += [f'fill="{part.colour}"'] if part.colour else []
            words += ['font-weight="bold"'] if part.bold else []
            return f"<text {' '.join(words)}>{_plain(part.told)}</text>"


def _paint(axes: Axes, part: Box | Line | Area | Words, order: int) -> None:
    from matplotlib.patches import Polygon, Rectangle

    match part:
        case Box():
            edge = part.edge or "none"
            box = Rectangle((part.x, part.y), part.width, part.height, facecolor=part.fill, edgecolor=edge, lw=0.72)
            box.set_zorder(order)
            axes.add_patch(box)
        case Line():
            x, y = zip(*part.points, strict=True)
            axes.plot(x, y, color=part.colour, lw=0.72 * part.width, alpha=part.opacity, zorder=order)
        case Area():
            axes.add_patch(Polygon(part.points, closed=True, fc=part.fill, ec="none", alpha=part.opacity, zorder=order))
        case Words():
            align = {"start": "left", "middle": "center", "end": "right"}[part.anchor]
            weight = "bold" if part.bold else "normal"
            text = axes.text(part.x, part.y, _printable(part.told), ha=align, va="baseline", color=part.colour or INK)
            text.set(fontsize=0.72 * part.size, fontweight=weight, zorder=order, parse_math=False)


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _opacity(opacity: float) -> str:
    return "" if opacity == 1.0 else f' opacity="{opacity:g}"'


def _printable(words: str) -> str:
    """Neither XML nor a font knows control characters."""
    return "".join(letter if letter.isprintable() else "�" for letter in words)


def _plain(words: str) -> str:
    return escape(_printable(words))
