"""Compares plain values with a msgspec type and tells every difference, each with a suggestion."""

from __future__ import annotations

import difflib
import enum
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from nutgiao.configs.document import Key
from nutgiao.models.contracts.errors import close_to


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a key: what it is and what to write instead."""

    key: Key
    problem: str
    cure: str = ""


def problems(value: Any, kind: Any, key: Key = ()) -> Iterator[Problem]:
    """Yields every place where a value does not fit a type.

    Args:
        value: mappings, lists and scalars.
        kind: a msgspec Struct, a tuple of them, or anything that `msgspec.convert` takes.
        key: where the value stands.
    """
    if value is None and type(None) in typing.get_args(_unnoted(kind)):
        return
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        yield from _of_struct(value, bare, key)
        return
    found: list[Problem] = []
    if typing.get_origin(bare) is tuple and isinstance(value, list):
        inner = typing.get_args(bare)
        kinds = [inner[0]] * len(value) if inner[1:] == (...,) else inner
        for index, (item, item_kind) in enumerate(zip(value, kinds, strict=False)):
            found += problems(item, item_kind, (*key, index))
    yield from found or _of_leaf(value, kind, key)


def _of_struct(value: Any, kind: type[msgspec.Struct], key: Key) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if not isinstance(value, dict):
        yield Problem(key, f"is {_said(value)}, not a block of keys.", f"It has: {', '.join(fields)}.")
        return
    unknown = [name for name in value if name not in fields]
    missing = [name for name, field in fields.items() if field.required and name not in value]
    for name in unknown:
        yield Problem((*key, name), "there is no such key.", close_to(name, [n for n in fields if n not in value]))
    for name in missing:
        if not any(difflib.get_close_matches(name, [wrong], cutoff=0.6) for wrong in unknown):
            yield Problem(key, f"'{name}' is missing.", f"Add it: {_meant(fields[name].type)}.")
    for name, field in fields.items():
        if name in value:
            yield from problems(value[name], field.type, (*key, name))


def _of_leaf(value: Any, kind: Any, key: Key) -> Iterator[Problem]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        inside = tuple(int(digits) for digits in re.findall(r"\[(\d+)\]", place))
        choices = list(_choices(kind))
        if choices and problem.startswith("Invalid enum value"):
            wrong = problem.removeprefix("Invalid enum value ").strip("'")
            yield Problem((*key, *inside), f"'{wrong}' is not known.", close_to(wrong, choices))
            return
        meant = _meant(kind)
        problem = f"{problem.replace('`', '')}, but this is {_said(value)}."
        yield Problem((*key, *inside), problem, f"It is the {meant}." if meant else "")


def _unnoted(kind: Any) -> Any:
    """The type inside ``Annotated``."""
    return _unnoted(typing.get_args(kind)[0]) if typing.get_origin(kind) is Annotated else kind


def _bare(kind: Any) -> Any:
    """The type inside ``Annotated`` and ``| None``."""
    if typing.get_origin(kind) is Annotated:
        return _bare(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return _bare(next(part for part in typing.get_args(kind) if part is not type(None)))
    return kind


def _choices(kind: Any) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, enum.StrEnum):
        yield from (member.value for member in kind)
    for part in typing.get_args(kind):
        yield from _choices(part)


def _meant(kind: Any) -> str:
    """The description that the schema gives to a key."""
    if typing.get_origin(kind) is not Annotated:
        return ""
    inner, *notes = typing.get_args(kind)
    told = [note.description for note in notes if isinstance(note, msgspec.Meta) and note.description]
    return told[-1] if told else _meant(inner)


def _said(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"the text '{value}'" if isinstance(value, str) else str(value)
