"""Turns a file into a checked value, or says all at once what is wrong with it: one way for every kind of file."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from nutgiao.configs.document import Document, Key
from nutgiao.configs.structure import Problem, problems

T = TypeVar("T")


def checked(document: Document, kind: type[T], inconsistencies: Callable[[T], Iterable[Problem]] = lambda _: ()) -> T:
    """A document as a value of a type.

    Args:
        document: the file.
        kind: what it should be.
        inconsistencies: what is wrong with a value that fits its type.

    Raises:
        ConfigError: at the first line where something is wrong; further ones are its notes.
    """
    raise_first(document, problems(document.data, kind))
    value = msgspec.convert(document.data, kind)
    raise_first(document, inconsistencies(value))
    return value


def raise_first(document: Document, found: Iterable[Problem]) -> None:
    """Raises what was found in a document, if anything was.

    Raises:
        ConfigError: for the problem in the first line; the others are its notes (``__notes__``), a line each.
    """
    errors = [document.error(problem.key, problem.problem, problem.cure) for problem in found]
    if not errors:
        return
    first, *others = sorted(errors, key=lambda error: error.line or 0)
    for other in others:
        first.add_note(str(other))
    raise first


def day_problem(text: str, key: Key, example: str = "2025-01-01") -> Iterator[Problem]:
    """Tells of a day that no calendar has."""
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        yield Problem(key, f"there is no day {text}.", f'Write a day such as "{example}".')
