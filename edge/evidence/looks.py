"""Who has looked at original pictures and who holds a bundle: notes beside it that are only ever added to."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from nutgiao.edge.evidence.retention import HOLD
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import NO_PREVIOUS, sha256

LOOKS = ".looks.jsonl"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log.

    Attributes:
        time_s: when, seconds since the epoch.
        who: name of the person.
        what: looked, held or released.
        why: in words.
        previous_sha256: of the line before, so that a line that is taken out or changed shows.
    """

    time_s: float
    who: str
    what: str
    why: str
    previous_sha256: str


def log_of(file: Path) -> Path:
    """The log beside a file."""
    return file.with_suffix(LOOKS)


def note_look(file: Path, now_s: float, *, who: str, what: str, why: str) -> None:
    """Adds a line to the log beside a file and waits until the disk has it; call it before anything is shown.

    Args:
        file: the bundle or its original pictures.
        now_s: time now, seconds since the epoch.
        who: name of the person.
        what: looked, held or released.
        why: in words.

    Raises:
        EvidenceBroken: if nobody is named.
        OSError: if it cannot be written: then nothing may be shown.
    """
    if not who.strip():
        raise EvidenceBroken(f"{file}: name who looks at it")
    log = log_of(file)
    lines = log.read_bytes().splitlines() if log.exists() else []
    look = Look(
        time_s=round(now_s, 3), who=who, what=what, why=why, previous_sha256=sha256(lines[-1]) if lines else NO_PREVIOUS
    )
    with log.open("ab") as opened:
        opened.write(msgspec.json.encode(look) + b"\n")
        opened.flush()
        os.fsync(opened.fileno())


def looks_at(file: Path) -> list[Look]:
    """All lines of the log beside a file, oldest first.

    Raises:
        EvidenceBroken: if one cannot be read or does not follow the one before it.
    """
    log, previous = log_of(file), NO_PREVIOUS
    looks = []
    for k, line in enumerate(log.read_bytes().splitlines() if log.exists() else (), 1):
        try:
            look = msgspec.json.decode(line, type=Look)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EvidenceBroken(f"{log.name}: line {k} cannot be read: {error}") from error
        if look.previous_sha256 != previous:
            raise EvidenceBroken(f"{log.name}: line {k} does not follow the one before it")
        looks.append(look)
        previous = sha256(line)
    return looks


def looks_problem(file: Path) -> str | None:
    """What is wrong with the log beside a file; None if nothing is."""
    try:
        looks_at(file)
    except EvidenceBroken as error:
        return str(error)
    return None


def hold(bundle: Path, now_s: float, *, who: str, why: str) -> None:
    """Keeps a bundle and its original pictures whatever their age.

    Raises:
        EvidenceBroken: if there is no such bundle or nobody is named.
    """
    if not bundle.exists():
        raise EvidenceBroken(f"{bundle}: there is no such bundle")
    note_look(bundle, now_s, who=who, what="held", why=why)
    bundle.with_suffix(HOLD).touch()


def release(bundle: Path, now_s: float, *, who: str, why: str) -> None:
    """Lets a bundle go when its days are over.

    Raises:
        EvidenceBroken: if it is not held or nobody is named.
    """
    if not bundle.with_suffix(HOLD).exists():
        raise EvidenceBroken(f"{bundle}: is not held")
    note_look(bundle, now_s, who=who, what="released", why=why)
    bundle.with_suffix(HOLD).unlink()
