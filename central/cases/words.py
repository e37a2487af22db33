"""Words of cases in Vietnamese and English, from the same file that the page reads, and figures as people write."""

from __future__ import annotations

import functools
from importlib import resources

import msgspec

LANGUAGES = ("vi", "en")


class _File(msgspec.Struct, frozen=True):
    """The file: words by key, and units by the end of a figure's name: suffix, unit, factor, decimals."""

    units: tuple[tuple[str, str, float, int], ...]
    words: dict[str, tuple[str, str]]


@functools.cache
def _file() -> _File:
    body = (resources.files("nutgiao.central.web") / "static" / "case-words.json").read_bytes()
    return msgspec.json.decode(body, type=_File)


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
