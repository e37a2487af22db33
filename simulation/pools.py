"""Runs calls side by side in processes of this machine or of a cluster; a call that fails is told, the others go on."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Protocol

from nutgiao.models.contracts.errors import NutgiaoError

_LOOK_S = 1.0
"""So often it is asked whether the pool is still there."""


class Pool(Protocol):
    """Where calls are run."""

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """What a call raises whose worker died, though it may not be to blame: others were under way there."""

    def submit(self, function: Callable[..., Any], *args: object) -> Future[Any]:
        """Hands in a call; the function is a module's, so that another process can find it."""

    def trouble(self) -> str:
        """Why no call will ever come back, in words; empty if all is well."""

    def death(self) -> str:
        """Why a call may have lost its worker, in words."""

    def close(self) -> None:
        """Ends the processes that this pool started; the next call starts new ones."""


class LocalPool:
    """Processes of this machine; they start with the first call and stay, since to start one takes longer than a run.

    Args:
        count: processes at once.
    """

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, count: int = 1) -> None:
        self._count = max(1, count)
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], *args: object) -> Future[Any]:
        """As `Pool`."""
        if self._pool is None:
            # "spawn": a child that is forked from a process with Numba's threads may hang
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=self._count, mp_context=context)
        return self._pool.submit(function, *args)

    def trouble(self) -> str:
        """As `Pool`."""
        return ""

    def death(self) -> str:
        """As `Pool`."""
        return "its process was killed twice (too little memory, or stopped from outside); use fewer workers"

    def close(self) -> None:
        """As `Pool`."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be run.

    Attributes:
        what: it is, for messages.
        function: a module's.
        args: that can be sent to another process.
    """

    what: str
    function: Callable[..., Any]
    args: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call.

    Attributes:
        value: its answer, None if it failed.
        problem: why, in words; empty if it did not.
    """

    value: Any
    problem: str = ""


def side_by_side(
    pool: Pool, calls: Sequence[Call], on_done: Callable[[int, Outcome], None] = lambda _number, _outcome: None
) -> list[Outcome]:
    """Runs calls side by side.

    Args:
        pool: where.
        calls: to be run.
        on_done: told of each, with its number, when it is done.

    Returns:
        Outcomes in the order of the calls. If a worker dies, those that were under way are tried once more, one by one,
        so that only the one to blame is lost.
    """
    found: dict[int, Outcome] = {}

    def keep(number: int, outcome: Outcome) -> None:
        found[number] = outcome
        on_done(number, outcome)

    _batch(pool, dict(enumerate(calls)), keep)
    for number, call in enumerate(calls):
        if number in found:
            continue
        _batch(pool, {number: call}, keep)
        if number not in found:
            keep(number, Outcome(None, f"{call.what}: {pool.trouble() or pool.death()}"))
    return [found[number] for number in range(len(calls))]


def _batch(pool: Pool, calls: Mapping[int, Call], keep: Callable[[int, Outcome], None]) -> None:
    """Runs calls and keeps their outcomes; those whose worker died are left out."""
    broken = False
    pending: dict[Future[Any], int] = {}
    if pool.trouble():
        return
    try:
        for number, call in calls.items():
            pending[pool.submit(call.function, *call.args)] = number
    except pool.lost:
        broken = True  # while calls were being handed in
    try:
        while pending:
            done, _ = wait(pending, _LOOK_S, FIRST_COMPLETED)
            if not done and pool.trouble():
                break
            for future in done:
                number = pending.pop(future)
                broken |= not _kept(pool, future, number, calls[number], keep)
    except BaseException:  # Ctrl-C: what was not begun is dropped
        for future in pending:
            future.cancel()
        pool.close()
        raise
    if broken:
        pool.close()


def _kept(pool: Pool, future: Future[Any], number: int, call: Call, keep: Callable[[int, Outcome], None]) -> bool:
    """Keeps an outcome; whether there is one."""
    try:
        value = future.result()
    except CancelledError:
        return False
    except pool.lost:
        return False
    except NutgiaoError as error:
        keep(number, Outcome(None, str(error)))
    except Exception as error:  # noqa: BLE001 - whatever one run dies of, the others go on
        keep(number, Outcome(None, f"{call.what}: {type(error).__name__}: {error}"))
    else:
        keep(number, Outcome(value))
    return True
