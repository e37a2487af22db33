"""Paper for documents: A4 with page numbers, a font with every Vietnamese letter, and text that stays text."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from nutgiao.central.cases.persons import TEXT_LIMIT, plain

REGULAR, BOLD, MONO = "NutgiaoSans", "NutgiaoSansBold", "NutgiaoMono"
MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
PADDING = 6.0
"""What reportlab leaves free inside a frame."""

SOFT, LINE = colors.HexColor("#55606b"), colors.HexColor("#c9d0d8")


@functools.cache
def fonts() -> None:
    """Registers the fonts, which matplotlib's wheel brings: DejaVu, free to embed, offline."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name, file in ((REGULAR, "DejaVuSans"), (BOLD, "DejaVuSans-Bold"), (MONO, "DejaVuSansMono")):
        pdfmetrics.registerFont(TTFont(name, folder / f"{file}.ttf"))


def _style(name: str, font: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.3, splitLongWords=1, **more)


TITLE = _style("title", BOLD, 15)
HEAD = _style("head", BOLD, 10.5, spaceBefore=9, spaceAfter=3, keepWithNext=1)
BODY = _style("body", REGULAR, 8.5)
SMALL = _style("small", REGULAR, 7.2, textColor=SOFT)
STRONG = _style("strong", BOLD, 8.5)
HASH = _style("hash", MONO, 6.6)
WARNING = _style("warning", BOLD, 9.5, textColor=colors.HexColor("#a01510"), borderColor=colors.HexColor("#a01510"),
                 borderWidth=0.8, borderPadding=4, spaceBefore=7, spaceAfter=7)  # fmt: skip


def text(words: object, style: ParagraphStyle = BODY, limit: int = TEXT_LIMIT) -> Paragraph:
    """Any text as text: what would be markup is shown, what cannot be seen is told by its number."""
    return Paragraph(escape(plain(str(words), limit)), style)


def table(rows: Sequence[tuple[object, ...]], widths: Sequence[float], head: bool = False) -> Flowable:
    """A table of texts; cells that are paragraphs or pictures already stay as they are.

    Args:
        rows: at least one.
        widths: share of the width of each column.
        head: the first row is a heading, repeated on each page.
    """
    cells = [
        [
            each if isinstance(each, Flowable) else text(each, STRONG if head and not k else SMALL if not i else BODY)
            for i, each in enumerate(row)
        ]
        for k, row in enumerate(rows)
    ]
    made = Table(cells, colWidths=[WIDTH * share / sum(widths) for share in widths], repeatRows=int(head))
    made.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return made


def write(story: list[Flowable], title: str, foot: str, numbered: Callable[[int, int], str], language: str) -> bytes:
    """Sets a document.

    Args:
        story: its parts in order.
        title: for the file's own title.
        foot: left end of every page's foot.
        numbered: words for page n of all.
        language: vi or en.

    Returns:
        The PDF: the same parts give the same bytes.
    """
    body = io.BytesIO()
    bottom = MARGIN + 6 * mm
    paper = SimpleDocTemplate(
        body, pagesize=A4, leftMargin=MARGIN - PADDING, rightMargin=MARGIN - PADDING, topMargin=MARGIN,
        bottomMargin=bottom, title=plain(title), author="nutgiao", lang=language, invariant=1,
    )  # fmt: skip

    class Numbered(Canvas):  # type: ignore[misc]
        """Writes the foot of every page when it is known how many there are."""

        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont(REGULAR, 7)
                self.setFillColor(SOFT)
                self.drawString(MARGIN, MARGIN, plain(foot, 90))
                self.drawRightString(A4[0] - MARGIN, MARGIN, numbered(number, len(self._pages)))
                super().showPage()
            super().save()

    paper.build(story, canvasmaker=Numbered)
    return body.getvalue()
