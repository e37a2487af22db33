"""Lines of text as turned boxes, and which one or two of them can be a number plate by their geometry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TWO_LINES_APART = (0.55, 1.6)
"""Distance between the middles of two lines of one plate, in heights of a line. QCVN 08's plates have 1.0 to 1.2; boxes
of a text finder are taller than the letters and vary."""

ONE_LINE_ASPECT = (2.6, 9.0)
"""Width over height of the text of a one-line plate; QCVN 08's long plate is 4.73 with its margins."""

TWO_LINES_ASPECT = (1.2, 4.6)
"""The same for one line of a two-line plate: four characters on a motorcycle's, five on a short car's."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text.

    Attributes:
        x_px: middle, pixels of the picture.
        y_px: middle.
        width_px: along the text.
        height_px: across it.
        angle_deg: of the text, positive as its right end sinks.
        score: how sure the finder is, 0..1.
    """

    x_px: float
    y_px: float
    width_px: float
    height_px: float
    angle_deg: float
    score: float

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width_px / max(self.height_px, 1e-6)

    def leaves(self, width_px: float, height_px: float, spare: float) -> bool:
        """True if it runs out of a picture at a side: characters may be missing.

        Args:
            width_px: of the picture.
            height_px: of the picture.
            spare: how far its box may reach out, in heights of the line.
        """
        half = 0.5 * self.width_px * abs(math.cos(math.radians(self.angle_deg)))
        inner = spare * self.height_px
        across = self.x_px - half + inner < 0 or self.x_px + half - inner > width_px
        return across or not 0 <= self.y_px <= height_px

    def moved(self, x_px: float, y_px: float) -> TextLine:
        """The same line seen from another origin."""
        return TextLine(self.x_px + x_px, self.y_px + y_px, self.width_px, self.height_px, self.angle_deg, self.score)


def belong_together(upper: TextLine, lower: TextLine) -> bool:
    """True if two lines can be the two lines of one plate: near, parallel, alike in height, one below the other."""
    height = 0.5 * (upper.height_px + lower.height_px)
    if height <= 0 or not 0.6 <= upper.height_px / lower.height_px <= 1.67:
        return False
    if abs(upper.angle_deg - lower.angle_deg) > 15:
        return False
    angle = math.radians(0.5 * (upper.angle_deg + lower.angle_deg))
    right, down = lower.x_px - upper.x_px, lower.y_px - upper.y_px
    along = right * math.cos(angle) + down * math.sin(angle)
    across = -right * math.sin(angle) + down * math.cos(angle)
    if not TWO_LINES_APART[0] * height <= across <= TWO_LINES_APART[1] * height or abs(along) > height:
        return False
    return all(TWO_LINES_ASPECT[0] <= line.aspect <= TWO_LINES_ASPECT[1] for line in (upper, lower))


def plates_among(lines: Sequence[TextLine]) -> list[tuple[TextLine, ...]]:
    """Groups lines to plates: pairs first, the rest alone where it has a long plate's shape.

    Args:
        lines: all lines of a picture.

    Returns:
        One or two lines each, the upper first; the largest plate first.
    """
    pairs = [
        (math.hypot(a.x_px - b.x_px, a.y_px - b.y_px), i, j)
        for i, a in enumerate(lines)
        for j, b in enumerate(lines)
        if i != j and belong_together(a, b)
    ]
    used: set[int] = set()
    found: list[tuple[TextLine, ...]] = []
    for _, i, j in sorted(pairs):
        if i not in used and j not in used:
            used |= {i, j}
            found.append((lines[i], lines[j]))
    low, high = ONE_LINE_ASPECT
    found += [(line,) for i, line in enumerate(lines) if i not in used and low <= line.aspect <= high]
    return sorted(found, key=lambda plate: -sum(line.width_px * line.height_px for line in plate))
