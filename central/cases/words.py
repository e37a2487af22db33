"""Words of cases in Vietnamese and English, from the same file that the page reads, and figures as people write."""

from __future__ import annotations

import functools
import re
from importlib import resources

import msgspec

LANGUAGES = ("vi", "en")
_DECIMAL = re.compile(r"[+-]?\d+\.\d+")


class _File(msgspec.Struct, frozen=True):
    """The file: words by key, sentences of checks, and units: end of a figure's name, unit, factor, decimals."""

    units: tuple[tuple[str, str, float, int], ...]
    sentences: tuple[tuple[str, str], ...]
    words: dict[str, tuple[str, str]]


@functools.cache
def _file() -> _File:
    body = (resources.files("nutgiao.central.web") / "static" / "case-words.json").read_bytes()
    return msgspec.json.decode(body, type=_File)


@functools.cache
def _sentences() -> tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...]:
    """Of each sentence: what stands around its {names} in English, the names, and the Vietnamese one."""
    return tuple(
        (tuple(re.split(r"{\w+}", english)), tuple(re.findall(r"{(\w+)}", english)), vietnamese)
        for vietnamese, english in _file().sentences
    )


class Words:
    """The words of one language.

    Args:
        language: vi or en.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """The word for a key, with {names} filled in; a key that nobody has translated stays as it is."""
        pair = _file().words.get(key)
        if pair is None:
            return key
        text = pair[self._index]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def knows(self, key: str) -> bool:
        """Whether there is a word for a key."""
        return key in _file().words

    def sentence(self, said: str) -> str:
        """What box or centre has said in English; sentences that nobody has translated stay as they are.

        Args:
            said: sentences with a semicolon between two.
        """
        if self.language == "en":
            return said
        return "; ".join(self._one(one) for one in said.split("; "))

    def _one(self, said: str) -> str:
        for around, names, told in _sentences():
            values = _between(around, said)
            if values is not None:
                for name, value in zip(names, values, strict=True):
                    told = told.replace(f"{{{name}}}", self._one(value) if value != said else value)  # noqa: PLW2901
                return told
        return said.replace(".", ",") if _DECIMAL.fullmatch(said) else said

    def figure(self, key: str, value: float) -> tuple[str, str]:
        """A figure of a report by its key with its unit: what it is called, and its value.

        Args:
            key: such as ``red_age_s``.
            value: in the unit of the key.
        """
        unit = next((each for each in _file().units if key.endswith(each[0])), None)
        stem = key.removesuffix(unit[0]) if unit else key
        name = self(f"n_{stem}") if self.knows(f"n_{stem}") else stem.replace("_", " ")
        if unit is None:
            return name, self.number(value, 0 if float(value).is_integer() else 2)
        _, symbol, factor, decimals = unit
        return name, f"{self.number(value * factor, decimals)} {symbol}"

    def number(self, value: float, decimals: int) -> str:
        """A number with the language's decimal sign."""
        text = f"{value:.{decimals}f}"
        return text.replace(".", ",") if self.language == "vi" else text


def _between(around: tuple[str, ...], said: str) -> list[str] | None:
    """What stands between fixed pieces of a text; None if it has not all of them.

    Each piece is taken where it first comes: no search goes back, whatever text somebody has smuggled in.
    """
    if len(around) == 1:
        return [] if said == around[0] else None
    if not said.startswith(around[0]) or not said.endswith(around[-1]):
        return None
    begin, end, found = len(around[0]), len(said) - len(around[-1]), []
    for piece in around[1:-1]:
        at = said.find(piece, begin, max(begin, end))
        if at < 0:
            return None
        found.append(said[begin:at])
        begin = at + len(piece)
    return [*found, said[begin:end]] if begin <= end else None
