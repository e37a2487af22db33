"""From the strings of each line, seen in several views, to one belief about the whole plate, and its shortcomings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from nutgiao.models.vision.plates.ctc import LineString

KEPT_STRINGS = 8
"""Strings of a line that go on into whole plates; the rest holds less than a thousandth."""


@dataclass(frozen=True, slots=True)
class Belief:
    """How likely each string is to be what stands on one plate.

    Attributes:
        parts: the lines of each string, the likeliest first.
        likelihoods: likelihood of each, 0..1; their sum is below 1 by what fits no form.
    """

    parts: tuple[tuple[str, ...], ...]
    likelihoods: tuple[float, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The strings without line breaks."""
        return tuple("".join(parts) for parts in self.parts)

    @property
    def likelihood(self) -> float:
        """Of the best string; 0 if there is none."""
        return self.likelihoods[0] if self.likelihoods else 0.0

    def second(self) -> tuple[str | None, float]:
        """The best string that differs from the first, and its likelihood."""
        texts = self.texts
        for text, likelihood in zip(texts, self.likelihoods, strict=True):
            if text != texts[0]:
                return text, likelihood
        return None, 0.0

    def characters(self) -> tuple[float, ...]:
        """Belief in each character of the best string, 0..1, among the strings that fit a form."""
        texts, total = self.texts, sum(self.likelihoods)
        if not texts or total <= 0:
            return ()
        return tuple(
            sum(
                likelihood
                for text, likelihood in zip(texts, self.likelihoods, strict=True)
                if len(text) == len(texts[0]) and text[at] == letter
            )
            / total
            for at, letter in enumerate(texts[0])
        )


NOTHING = Belief((), ())


def pooled(views: Sequence[Sequence[LineString]]) -> tuple[LineString, ...]:
    """One line seen in several ways: the mean of the likelihoods.

    A mean and not a product: the views are cuts of one picture, so that they share its blur and are no independent
    witnesses; and one cut that lost half of the line must not veto the others.

    Args:
        views: strings of each view; a view without any counts as a view that read nothing.

    Returns:
        The strings, the likeliest first, at most `KEPT_STRINGS`.
    """
    total: dict[str, float] = {}
    forms: dict[str, int] = {}
    for view in views:
        for string in view:
            total[string.text] = total.get(string.text, 0.0) + string.likelihood / len(views)
            forms[string.text] = string.forms
    ranked = sorted(total, key=lambda text: (-total[text], text))[:KEPT_STRINGS]
    return tuple(LineString(text, total[text], forms[text]) for text in ranked)


def plate_belief(lines: Sequence[Sequence[LineString]]) -> Belief:
    """Whole plates from their lines: every pair that one form has together.

    Args:
        lines: strings of the one or two lines, from `pooled`.

    Returns:
        The belief; `NOTHING` if no form fits.
    """
    found: list[tuple[float, tuple[str, ...]]] = []
    for strings in product(*lines):
        bits, likelihood = ~0, 1.0
        for string in strings:
            bits &= string.forms
            likelihood *= string.likelihood
        if strings and bits and likelihood > 0:
            found.append((likelihood, tuple(string.text for string in strings)))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return Belief(tuple(parts for _, parts in found), tuple(likelihood for likelihood, _ in found))
