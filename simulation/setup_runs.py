"""SUMO runs of a scenario and its changed twin: several at once, each made only if no result of it is kept."""

from __future__ import annotations

import errno
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nutgiao.models.contracts.errors import ConfigError, SimulationFailed
from nutgiao.simulation.pools import Call, Outcome, Pool, side_by_side
from nutgiao.simulation.run_cache import RunCache
from nutgiao.simulation.time_space import Corridor, TimeSpace, busiest_corridor, record
from nutgiao.simulation.trial import Trial, run_trial
from nutgiao.simulation.variant import Setup

T = TypeVar("T")

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def run_setup(setup: Setup, seed: int) -> Trial:
    """Runs a setup once.

    Raises:
        SimulationFailed: if SUMO gives up, or there is no room for what it writes.
    """
    return with_room(
        lambda: run_trial(setup.scenario, (), seed, stuck=setup.stuck, left_out=setup.left_out, line_of=setup.line_of),
        setup,
    )


def find_corridor(setup: Setup, seed: int) -> Corridor:
    """As `busiest_corridor`, in another process."""
    return with_room(lambda: busiest_corridor(setup, seed), setup)


def record_tracks(setup: Setup, seed: int, corridor: Corridor, begin_s: float) -> TimeSpace:
    """As `time_space.record`, in another process."""
    return with_room(lambda: record(setup, seed, corridor, begin_s), setup)


def with_room(run: Callable[[], T], setup: Setup) -> T:
    """Makes a run, and says so if there is no room for what SUMO writes.

    Raises:
        SimulationFailed: if there is none.
    """
    folder = tempfile.gettempdir()
    problem = f"{setup.scenario.name}: there is no room for SUMO's outputs in {folder}; make room, or set TMPDIR"
    try:
        return run()
    except OSError as error:
        if error.errno in _FULL:
            raise SimulationFailed(problem) from error
        raise
    except SimulationFailed as error:
        if f"(exit code {-signal.SIGXFSZ})" in str(error):
            raise SimulationFailed(problem) from error
        raise
    except ConfigError as error:
        if error.path.startswith(folder):  # SUMO does not say that it could not write all
            raise SimulationFailed(f"{problem} (SUMO left {error.path} unfinished)") from error
        raise


@dataclass(frozen=True, slots=True)
class Wanted:
    """A result that is wanted, and how it is made; ``anew`` also if a result is kept."""

    what: str
    key: str
    kind: Any
    function: Callable[..., Any]
    args: tuple[object, ...]
    anew: bool = False


@dataclass(slots=True)
class Runs:
    """Makes runs and keeps their results.

    Attributes:
        pool: where.
        cache: of results; None keeps nothing.
        on_run: told of each run that is made.
        made: runs that SUMO made.
        kept: results that were there already.
        problems: messages of runs that failed.
    """

    pool: Pool
    cache: RunCache | None = None
    on_run: Callable[[], None] = lambda: None
    made: int = 0
    kept: int = 0
    problems: list[str] = field(default_factory=list)

    def trials(self, setups: Mapping[str, Setup], seeds: Sequence[int]) -> dict[str, dict[int, Trial]]:
        """Setup to seed to figures; failed runs are left out."""
        pairs = [(name, seed) for seed in seeds for name in setups]
        wanted = [
            self.wanted(f"{name} scenario, seed {seed}", "trial", Trial, run_setup, setups[name], seed)
            for name, seed in pairs
        ]
        found: dict[str, dict[int, Trial]] = {name: {} for name in setups}
        for (name, seed), value in zip(pairs, self.results(wanted), strict=True):
            if value is not None:
                found[name][seed] = value
        return found

    def corridor(self, setup: Setup, seed: int) -> Corridor | None:
        """The busiest way through lights; None if the run fails or there is no such way."""
        wanted = self.wanted(f"routes, seed {seed}", "corridor", Corridor, find_corridor, setup, seed)
        (found,) = self.results([wanted])
        return found if found is not None and found.edges else None

    def tracks(
        self, setups: Mapping[str, Setup], seed: int, corridor: Corridor, begin_s: float
    ) -> dict[str, TimeSpace]:
        """Setup to who was where on the way; failed runs are left out."""
        wanted = [
            self.wanted(f"{name} scenario, tracks", "tracks", TimeSpace, record_tracks, one, seed, corridor, begin_s)
            for name, one in setups.items()
        ]
        return {name: one for name, one in zip(setups, self.results(wanted), strict=True) if one is not None}

    def wanted(
        self, what: str, name: str, kind: Any, function: Callable[..., Any], setup: Setup, seed: int, *more: object
    ) -> Wanted:
        """A result of a setup and a seed.

        Args:
            what: it is, for messages.
            name: of this kind of result in the cache.
            kind: its class.
            function: makes it from setup, seed and ``more``.
            setup: what is run.
            seed: of SUMO.
            more: whatever else determines it; named by `repr` in the cache.
        """
        key = self.cache.key(name, setup, seed, *more) if self.cache else ""
        return Wanted(f"{setup.scenario.name}, {what}", key, kind, function, (setup, seed, *more))

    def known(self, wanted: Sequence[Wanted]) -> list[Any]:
        """What the cache has of each; None of the others."""
        return [self.cache.get(one.key, one.kind) if self.cache else None for one in wanted]

    def results(self, wanted: Sequence[Wanted]) -> list[Any]:
        """What came of each, in the same order; None of those that failed."""
        values = [None if one.anew else value for one, value in zip(wanted, self.known(wanted), strict=True)]
        missing = [number for number, value in enumerate(values) if value is None]
        self.kept += len(wanted) - len(missing)

        def keep(number: int, outcome: Outcome) -> None:
            self.made += 1
            self.on_run()
            if outcome.value is not None and self.cache:
                self.cache.put(wanted[missing[number]].key, outcome.value)

        calls = [Call(wanted[number].what, wanted[number].function, wanted[number].args) for number in missing]
        for number, outcome in zip(missing, side_by_side(self.pool, calls, keep), strict=True):
            values[number] = outcome.value
            if outcome.problem:
                self.problems.append(outcome.problem)
        return values
