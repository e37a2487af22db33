"""Plate forms of one day as automata over characters, and the way back from a string to how people write it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.plates import Day, PlateForm, PlateLaw

DIGITS = "0123456789"
SEPARATORS = "-. "
MAX_LETTERS = 39
"""Different characters; eleven of them then fit into 64 bits (40^11 < 2^63)."""

MAX_LENGTH = 11

Words = tuple[str, ...]
Item = tuple[int, int, str]
"""Form, segment in it, characters of that segment already there."""


class PatternWrong(Exception):
    """A form's pattern cannot be read; the loader says where it stands."""

    def __init__(self, problem: str, cure: str) -> None:
        self.cure = cure
        super().__init__(problem)


def segments(law: PlateLaw, form: PlateForm, lines: int) -> tuple[tuple[Words, ...], ...]:
    """What may stand where, for each line of a form.

    Args:
        law: codes and letters.
        form: the form.
        lines: 1 or 2.

    Returns:
        For each line its segments in order, for each segment its possible strings; separators are left out.

    Raises:
        PatternWrong: if the pattern names something that is not there, or has no place for the second line.
    """
    shown = _expanded(law, form.shown)
    parts: list[list[Words]] = [[]]
    for symbol, words in shown:
        if symbol == "/" and lines == 2:
            parts.append([])
        elif words is not None:
            alternatives = form.series if symbol == "*" else words
            if not alternatives:
                raise PatternWrong("'*' stands in the pattern, but the form has no series.", "Add 'series: [..]'.")
            parts[-1].append(alternatives)
    if len(parts) != lines or not all(parts):
        raise PatternWrong("the pattern does not say where line 2 begins.", "Put one '/' before its first character.")
    if sum(max(map(len, words)) for part in parts for words in part) > MAX_LENGTH:
        raise PatternWrong(f"a plate has more than {MAX_LENGTH} characters.", "Shorten the pattern.")
    return tuple(tuple(part) for part in parts)


def _expanded(law: PlateLaw, pattern: str) -> list[tuple[str, Words | None]]:
    """Each symbol of a pattern with what it may stand for; None for a separator."""
    out: list[tuple[str, Words | None]] = []
    for symbol in pattern:
        if symbol == "#":
            out.append((symbol, tuple(DIGITS)))
        elif symbol == "P":
            out.append((symbol, law.codes))
        elif symbol in law.letters:
            out.append((symbol, tuple(law.letters[symbol])))
        elif symbol == "*":
            out.append((symbol, ()))
        elif symbol in SEPARATORS or symbol == "/":
            out.append((symbol, None))
        else:
            raise PatternWrong(f"'{symbol}' in the pattern has no meaning.", "Use #, P, *, '/', - . or a letter class.")
    # a province code is one symbol to us and two to the reader
    return [pair for index, pair in enumerate(out) if not (pair[0] == "P" and index and pattern[index - 1] == "P")]


def dots(law: PlateLaw, form: PlateForm, lines: int) -> tuple[tuple[bool, ...], ...]:
    """Where a reader may come across a dot: screws and dirt look like one, so nearly everywhere.

    Not between the digits of a form that is written without: 256.6 is no old number of four digits, but one of five
    whose last digit is missing in the picture.

    Returns:
        For each line and each of its segments: True if a dot may stand before it; and one more for the end.
    """
    plain = "." not in form.shown
    parts: list[list[bool]] = [[]]
    before = ""
    for symbol, words in _expanded(law, form.shown):
        if symbol == "/" and lines == 2:
            parts[-1].append(True)
            parts.append([])
            before = ""
        elif words is not None:
            parts[-1].append(not (plain and before == symbol == "#"))
            before = symbol
    parts[-1].append(True)
    return tuple(tuple(part) for part in parts)


@dataclass(frozen=True, eq=False)
class LineAutomaton:
    """All strings that one line of a plate can be.

    Attributes:
        after_dot: state after a dot by state, -1 where no form has one there; int64, shape (states,).
        following: next state by state and letter, -1 where no plate goes on so; int64, shape (states, letters).
        forms: bit i of a state: a line of form i may end there; int64, shape (states,).
    """

    following: NDArray[np.int64]
    after_dot: NDArray[np.int64]
    forms: NDArray[np.int64]

    def ends(self, line: NDArray[np.int64]) -> int:
        """Bits of the forms that a string of letter indices is a whole line of; 0 if of none."""
        state = 0
        for letter in line:
            state = int(self.following[state, letter])
            if state < 0:
                return 0
        return int(self.forms[state])


class PlateGrammar:
    """The forms that are on the road on one day.

    Args:
        law: the country's plates.
        day: day of the picture.
    """

    def __init__(self, law: PlateLaw, day: Day) -> None:
        self.law, self.day = law, day
        self.forms = tuple(form for form in law.forms if form.valid_on(day))
        words = "".join([*law.letters.values(), *(word for form in law.forms for word in form.series)])
        self.letters = DIGITS + "".join(sorted(set(words) - set(DIGITS)))
        if len(self.letters) > MAX_LETTERS:
            raise ValueError(f"plates use {len(self.letters)} different characters, more than {MAX_LETTERS}")

    @cached_property
    def automata(self) -> dict[tuple[int, int], LineAutomaton]:
        """(lines of the plate, line from 0) -> the strings that this line can be."""
        return {(lines, line): self._automaton(lines, line) for lines in (1, 2) for line in range(lines)}

    def forms_of(self, parts: tuple[str, ...]) -> tuple[PlateForm, ...]:
        """The forms that a plate of these lines can have.

        Args:
            parts: its lines, without separators.

        Returns:
            The forms in the order of the file; none if it is no plate of that day.
        """
        bits = ~0
        for line, part in enumerate(parts):
            if any(letter not in self.letters for letter in part):
                return ()
            indices = np.array([self.letters.index(letter) for letter in part], np.int64)
            bits &= self.automata[len(parts), line].ends(indices)
        return tuple(form for index, form in enumerate(self.forms) if bits >> index & 1)

    def shown(self, form: PlateForm, text: str) -> str:
        """A string as people write it in a form, such as ``29-B1 123.45``.

        Raises:
            ValueError: if the string does not have that form.
        """
        steps = [
            (symbol, form.series if symbol == "*" else words)
            for symbol, words in _expanded(self.law, form.shown)
            if symbol != "/"
        ]
        written = _write(steps, text)
        if written is None:
            raise ValueError(f"'{text}' does not have the form {form.shown}")
        return written

    def _automaton(self, lines: int, line: int) -> LineAutomaton:
        """Subset construction: a state is the set of places in the forms where a reader can be."""
        forms = {
            index: segments(self.law, form, lines)[line] for index, form in enumerate(self.forms) if lines in form.lines
        }
        dotted = {index: dots(self.law, self.forms[index], lines)[line] for index in forms}
        start = frozenset((index, 0, "") for index in forms)
        numbers: dict[frozenset[Item], int] = {start: 0}
        queue, rows, over_dot, ends = [start], [], [], []

        def number_of(after: frozenset[Item]) -> int:
            if after and after not in numbers:
                numbers[after] = len(queue)
                queue.append(after)
            return numbers.get(after, -1)

        for state in queue:  # grows while it is walked
            row = np.full(len(self.letters), -1, np.int64)
            for number, letter in enumerate(self.letters):
                row[number] = number_of(frozenset(item for place in state for item in _after(forms, place, letter)))
            rows.append(row)
            over_dot.append(number_of(frozenset(item for item in state if not item[2] and dotted[item[0]][item[1]])))
            ends.append(sum(1 << index for index, at, _ in state if at == len(forms[index])))
        return LineAutomaton(np.stack(rows), np.array(over_dot, np.int64), np.array(ends, np.int64))


def _after(forms: dict[int, tuple[Words, ...]], place: Item, letter: str) -> list[Item]:
    """Where one more letter leads from a place."""
    index, at, before = place
    if at == len(forms[index]):
        return []
    grown = before + letter
    words = forms[index][at]
    found: list[Item] = [(index, at + 1, "")] if grown in words else []
    if any(len(word) > len(grown) and word.startswith(grown) for word in words):
        found.append((index, at, grown))
    return found


def _write(steps: list[tuple[str, Words | None]], text: str) -> str | None:
    """Text laid out over the steps of a pattern; None if it does not fit."""
    if not steps:
        return None if text else ""
    (symbol, words), *others = steps
    if words is None:
        rest = _write(others, text)
        return None if rest is None else symbol + rest
    for word in words:
        if text.startswith(word) and (rest := _write(others, text[len(word) :])) is not None:
            return word + rest
    return None
