"""Runs plans in SUMO on paired seeds, several at once; a run that fails is told and the others go on."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram
from nutgiao.simulation.trial import Trial, run_trial

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


class Workers:
    """Processes that run SUMO; they start once and are used again, since to start one takes longer than a short run.

    Args:
        count: processes at once.
        runner: makes one run; a module's function, so that another process can find it.
    """

    def __init__(self, count: int = 1, runner: Runner = run_trial) -> None:
        self._count, self._runner = max(1, count), runner
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the processes; the next run starts new ones."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

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
            Answers in the order of the jobs. If a process is killed, those that were under way are tried once more,
            one by one, so that only the one to blame is lost.
        """
        wanted = list(jobs)
        found: dict[int, Answer] = {}

        def keep(number: int, answer: Answer) -> None:
            found[number] = answer
            on_answer(answer)

        self._batch(scenario, dict(enumerate(wanted)), keep)
        for number, job in enumerate(wanted):
            if number in found:
                continue
            self._batch(scenario, {number: job}, keep)
            if number not in found:
                problem = (
                    f"{scenario.name}, plan {job.plan}, seed {job.seed}: its process was killed twice (too little "
                    "memory, or stopped from outside); use fewer workers"
                )
                keep(number, Answer(job, None, problem))
        return [found[number] for number in range(len(wanted))]

    def _batch(self, scenario: Scenario, jobs: Mapping[int, Job], keep: Callable[[int, Answer], None]) -> None:
        """Runs jobs and keeps their answers; those of a broken pool are left out."""
        if self._pool is None:
            # "spawn": a child that is forked from a process with Numba's threads may hang
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=self._count, mp_context=context)
        broken = False
        pending: dict[Future[Trial], int] = {}
        try:
            for number, job in jobs.items():
                pending[self._pool.submit(self._runner, scenario, job.programs, job.seed, job.extra)] = number
        except BrokenProcessPool:
            broken = True  # while jobs were being handed in
        try:
            for future in as_completed(pending):
                number = pending[future]
                try:
                    keep(number, Answer(jobs[number], future.result()))
                except BrokenProcessPool:
                    broken = True
                except NutgiaoError as error:
                    keep(number, Answer(jobs[number], None, str(error)))
                except Exception as error:  # noqa: BLE001 - whatever one run dies of, the others go on
                    job = jobs[number]
                    problem = f"{scenario.name}, plan {job.plan}, seed {job.seed}: {type(error).__name__}: {error}"
                    keep(number, Answer(job, None, problem))
        except BaseException:  # Ctrl-C: what was not begun is dropped
            self.close()
            raise
        if broken:
            self.close()


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
