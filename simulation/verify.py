"""Runs plans in SUMO on paired seeds, several at once; a run that fails is told and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from nutgiao.models.closing import Closing
from nutgiao.simulation.pools import Call, LocalPool, Outcome, Pool, side_by_side
from nutgiao.simulation.run_cache import RunCache
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.trial import Trial, run_trial
from nutgiao.simulation.variant import Setup

Runner = Callable[..., Trial]


@dataclass(frozen=True, slots=True)
class Job:
    """A run to be made.

    Attributes:
        plan: what the plan is called.
        programs: of the plan; empty for the shipped one.
        seed: of SUMO.
        extra: further additional files.
    """

    plan: str
    programs: tuple[SignalProgram, ...]
    seed: int
    extra: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a job.

    Attributes:
        job: which.
        trial: its figures, None if it failed.
        problem: why, in words; empty if it did not.
    """

    job: Job
    trial: Trial | None
    problem: str = ""


class Workers(Closing):
    """Runs jobs in the processes of a pool.

    Args:
        count: processes of this machine; not asked for if there is a pool.
        runner: makes one run; a module's function, so that another process can find it.
        pool: where, instead of processes of this machine.
        cache: of results; None keeps nothing.

    Attributes:
        kept: answers that came from the cache.
    """

    def __init__(
        self, count: int = 1, runner: Runner = run_trial, pool: Pool | None = None, cache: RunCache | None = None
    ) -> None:
        self._pool, self._runner, self._cache = pool or LocalPool(count), runner, cache
        self.kept = 0

    def close(self) -> None:
        """Ends the processes; the next run starts new ones."""
        self._pool.close()

    def running(self, runner: Runner) -> Workers:
        """The same processes and cache for another kind of run."""
        return Workers(runner=runner, pool=self._pool, cache=self._cache)

    def run(
        self,
        scenario: Scenario,
        jobs: Iterable[Job],
        on_answer: Callable[[Answer], None] = lambda _answer: None,
    ) -> list[Answer]:
        """Runs jobs side by side.

        Args:
            scenario: the same for all.
            jobs: runs to be made.
            on_answer: told of each run when it is done.

        Returns:
            Answers in the order of the jobs; of a worker that dies, as `side_by_side` says.
        """
        wanted = list(jobs)
        keys = [self._key(scenario, job) for job in wanted]
        known = [self._cache.get(key, Trial) if self._cache else None for key in keys]
        answers = [Answer(job, trial) for job, trial in zip(wanted, known, strict=True)]
        missing = [number for number, trial in enumerate(known) if trial is None]
        for number in set(range(len(wanted))) - set(missing):
            self.kept += 1
            on_answer(answers[number])
        calls = [
            Call(
                f"{scenario.name}, plan {wanted[number].plan}, seed {wanted[number].seed}",
                self._runner,
                (scenario, wanted[number].programs, wanted[number].seed, wanted[number].extra),
            )
            for number in missing
        ]

        def tell(place: int, outcome: Outcome) -> None:
            number = missing[place]
            answers[number] = Answer(wanted[number], outcome.value, outcome.problem)
            if outcome.value is not None and self._cache:
                self._cache.put(keys[number], outcome.value)
            on_answer(answers[number])

        side_by_side(self._pool, calls, tell)
        return answers

    def _key(self, scenario: Scenario, job: Job) -> str:
        """Under which the answer to a job is kept: its plan's name does not matter."""
        if self._cache is None:
            return ""
        bare = self._runner.func if isinstance(self._runner, partial) else self._runner
        how = self._runner.keywords if isinstance(self._runner, partial) else {}
        setup = Setup(replace(scenario, additional=(*scenario.additional, *job.extra)))
        return self._cache.key(bare.__name__, setup, job.seed, sorted(how.items()), job.programs)


def run_jobs(
    scenario: Scenario,
    jobs: Iterable[Job],
    workers: int = 1,
    on_answer: Callable[[Answer], None] = lambda _answer: None,
    runner: Runner = run_trial,
) -> list[Answer]:
    """Runs jobs in processes that end with them; arguments and answers as those of `Workers`."""
    with Workers(workers, runner) as pool:
        return pool.run(scenario, jobs, on_answer)


def trials_by_plan(answers: Sequence[Answer]) -> dict[str, dict[int, Trial]]:
    """Plan to seed to figures, failed runs left out."""
    found: dict[str, dict[int, Trial]] = {}
    for answer in answers:
        if answer.trial is not None:
            found.setdefault(answer.job.plan, {})[answer.job.seed] = answer.trial
    return found
