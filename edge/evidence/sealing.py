"""Seals cases beside the box's second: decoding and encoding a clip takes seconds, and the lamps do not wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from nutgiao.edge.evidence.bundle import EvidenceBuilder, SealedBundle
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.violation.rule import Violation
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.errors import EvidenceBroken

MOST_WAITING = 8
"""Cases that wait for the thread with all their pictures, up to 15 MB each; later ones are sealed without a clip."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A case that is done.

    Attributes:
        name: id of the case.
        violation: what happened.
        bundle: where it is; None if it could not be made.
        problem: why not, in words; empty if it was.
    """

    name: str
    violation: Violation
    bundle: SealedBundle | None
    problem: str


class Sealing:
    """Cases on their way into bundles, one after the other.

    A case without pictures takes milliseconds and is sealed at once, unless others wait: so a simulated street, whose
    cameras have none, says the same in the same second on every machine.

    Args:
        builder: makes the bundles; nobody else may call `EvidenceBuilder.seal` meanwhile.
    """

    def __init__(self, builder: EvidenceBuilder) -> None:
        self._builder = builder
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sealing")
        self._jobs: list[Future[Sealed]] = []

    def begin(self, name: str, case: Case, now_s: float, clocks: ClockNote | None = None) -> None:
        """Takes a case.

        Args:
            name: its id.
            case: what happened.
            now_s: time now, seconds since the epoch.
            clocks: how far the clocks are apart; None if nobody has measured.
        """
        if not case.filmed and not self._jobs:
            done: Future[Sealed] = Future()
            done.set_result(self._seal(name, case, now_s, clocks))
            self._jobs.append(done)
            return
        if len(self._jobs) >= MOST_WAITING:
            case = case.of_stills("too many cases at once for a clip of each")
        self._jobs.append(self._pool.submit(self._seal, name, case, now_s, clocks))

    def done(self, *, wait: bool = False) -> Iterator[Sealed]:
        """Cases that are done, in the order in which they came.

        Args:
            wait: for those that are not.
        """
        while self._jobs and (wait or self._jobs[0].done()):
            yield self._jobs.pop(0).result()

    def close(self) -> None:
        """Ends the thread."""
        self._pool.shutdown()

    def _seal(self, name: str, case: Case, now_s: float, clocks: ClockNote | None) -> Sealed:
        try:
            return Sealed(name, case.violation, self._builder.seal(name, case, now_s, clocks), "")
        except (OSError, EvidenceBroken) as error:  # a full disk must not stop the report: it then has no evidence
            return Sealed(name, case.violation, None, str(error))
