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


def run_jobs(
    scenario: Scenario,
    jobs: Iterable[Job],
    workers: int = 1,
    on_answer: Callable[[Answer], None] = lambda _answer: None,
    runner: Runner = run_trial,
) -> list[Answer]:
    """Runs jobs side by side, each in a process of its own.

    Args:
        scenario: the same for all.
        jobs: runs to be made.
        workers: processes at once.
        on_answer: told of each run when it is done.
        runner: makes one run; a module's function, so that another process can find it.

    Returns:
        Answers in the order of the jobs. If a process is killed, those that were under way are tried once more, one
        by one, so that only the one to blame is lost.
    """
    wanted = list(jobs)
    found: dict[int, Answer] = {}

    def keep(number: int, answer: Answer) -> None:
        found[number] = answer
        on_answer(answer)

    _batch(scenario, dict(enumerate(wanted)), workers, runner, keep)
    for number, job in enumerate(wanted):
        if number in found:
            continue
        _batch(scenario, {number: job}, 1, runner, keep)
        if number not in found:
            problem = (
                f"{scenario.name}, plan {job.plan}, seed {job.seed}: its process was killed twice (too little memory, "
                "or stopped from outside); use fewer workers"
            )
            keep(number, Answer(job, None, problem))
    return [found[number] for number in range(len(wanted))]


def _batch(
    scenario: Scenario,
    jobs: Mapping[int, Job],
    workers: int,
    runner: Runner,
    keep: Callable[[int, Answer], None],
) -> None:
    """Runs jobs and keeps their answers; those of a broken pool are left out."""
    # "spawn": a child that is forked from a process with Numba's threads may hang
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=max(1, workers), mp_context=context)
    try:
        pending: dict[Future[Trial], int] = {
            pool.submit(runner, scenario, job.programs, job.seed, job.extra): number for number, job in jobs.items()
        }
        for future in as_completed(pending):
            number = pending[future]
            try:
                keep(number, Answer(jobs[number], future.result()))
            except BrokenProcessPool:
                continue
            except NutgiaoError as error:
                keep(number, Answer(jobs[number], None, str(error)))
            except Exception as error:  # noqa: BLE001 - whatever one run dies of, the others go on
                job = jobs[number]
                problem = f"{scenario.name}, plan {job.plan}, seed {job.seed}: {type(error).__name__}: {error}"
                keep(number, Answer(job, None, problem))
    except BrokenProcessPool:
        return  # while jobs were being handed in
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def trials_by_plan(answers: Sequence[Answer]) -> dict[str, dict[int, Trial]]:
    """Plan to seed to figures, failed runs left out."""
    found: dict[str, dict[int, Trial]] = {}
    for answer in answers:
        if answer.trial is not None:
            found.setdefault(answer.job.plan, {})[answer.job.seed] = answer.trial
    return found
