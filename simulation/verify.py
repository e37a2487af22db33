"""Runs plans in SUMO on paired seeds, several at once; a run that fails is told and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nutgiao.simulation.pools import Call, LocalPool, Outcome, Pool, side_by_side
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
    """Runs jobs in the processes of a pool.

    Args:
        count: processes of this machine; not asked for if there is a pool.
        runner: makes one run; a module's function, so that another process can find it.
        pool: where, instead of processes of this machine.
    """

    def __init__(self, count: int = 1, runner: Runner = run_trial, pool: Pool | None = None) -> None:
        self._pool, self._runner = pool or LocalPool(count), runner

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the processes; the next run starts new ones."""
        self._pool.close()

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
        calls = [
            Call(
                f"{scenario.name}, plan {job.plan}, seed {job.seed}",
                self._runner,
                (scenario, job.programs, job.seed, job.extra),
            )
            for job in wanted
        ]

        def tell(number: int, outcome: Outcome) -> None:
            on_answer(Answer(wanted[number], outcome.value, outcome.problem))

        outcomes = side_by_side(self._pool, calls, tell)
        return [Answer(job, one.value, one.problem) for job, one in zip(wanted, outcomes, strict=True)]


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
