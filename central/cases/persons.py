"""Names and words that people give: what is taken, when two names are one person, and hostile text made harmless."""

from __future__ import annotations

import unicodedata

from nutgiao.central.cases.flow import StepRefused

NAME_LIMIT, WORDS_LIMIT = 80, 500
TEXT_LIMIT = 200
"""Letters of a text from outside that a page or a document shows."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories without a shape of their own: controls, direction marks, halves of pairs, line separators."""


def person(name: str) -> str:
    """A person's name as it goes into the audit.

    Raises:
        StepRefused: if there is none, it is too long, or it holds characters that cannot be seen.
    """
    taken = unicodedata.normalize("NFC", " ".join(name.split()))
    if not any(letter.isalpha() for letter in taken):
        raise StepRefused("say who you are: a person's name is needed")
    if len(taken) > NAME_LIMIT:
        raise StepRefused(f"the person's name has {len(taken)} characters; write at most {NAME_LIMIT}")
    if any(unicodedata.category(letter) in _HIDDEN for letter in taken):
        raise StepRefused("the person's name holds characters that cannot be seen; type it anew")
    return taken


def words(text: str, what: str = "the words", limit: int = WORDS_LIMIT) -> str:
    """A person's words as they are kept: without characters that cannot be seen, except the ends of lines.

    Raises:
        StepRefused: if they are too long.
    """
    taken = unicodedata.normalize("NFC", text).strip()
    if len(taken) > limit:
        raise StepRefused(f"{what} have {len(taken)} characters; write at most {limit}")
    return "".join(letter for letter in taken if letter == "\n" or unicodedata.category(letter) not in _HIDDEN)


def same_person(one: str, other: str) -> bool:
    """True if two names may be one person's: case, accents and spacing apart, they are the same."""
    return _bare(one) == _bare(other)


def plain(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text from outside as it may be shown: nothing hidden in it, and not without end.

    Args:
        text: what came.
        limit: letters that are shown.

    Returns:
        The text with each character that cannot be seen told by its number, cut with the number of letters left out.
    """
    shown = "".join(
        f"<U+{ord(letter):04X}>" if unicodedata.category(letter) in _HIDDEN else letter for letter in text[:limit]
    )
    return shown if len(text) <= limit else f"{shown}… (+{len(text) - limit})"


def _bare(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold().replace("đ", "d"))
    return "".join(letter for letter in apart if letter.isalnum())
