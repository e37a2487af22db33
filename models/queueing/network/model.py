"""The typed door of the network kernel: plans in, delays and queues out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.queueing.network.batch import reset, run_batch, settle
from nutgiao.models.queueing.network.halting import NEVER_S, Standing, halting
from nutgiao.models.queueing.network.kernel import advance
from nutgiao.models.queueing.network.run import new_state
from nutgiao.models.queueing.network.tables import (
    F8,
    TRACED,
    Behaviour,
    Demand,
    Network,
    Programs,
    State,
)

_NO_TRACE = np.zeros((0, 4))
_PACE_LIMITS = (0.5, 1.6)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What plans led to.

    Attributes:
        delay_s: ``(plans, seeds)`` mean delay of all scheduled vehicles: time lost on the way and waited outside.
        stops: ``(plans, seeds)`` mean stops.
        left: ``(plans, seeds)`` vehicles that reached their end.
        group_delay_s: ``(plans, seeds, groups)`` the same by group of vehicles, NaN for an empty group.
    """

    delay_s: F8
    stops: F8
    left: NDArray[np.int64]
    group_delay_s: F8


class QueueModel:
    """A street with its signal programs and demand, ready to be tried with thousands of plans.

    Args:
        net: the street.
        how: how drivers behave.
        programs: its signal programs.
        demand: who drives; `VEHICLE.group` says in which sums a vehicle counts.
        begin_s: time of day at which it begins, which offsets refer to.
        duration_s: length of a run.
        speed_sd: ``(classes,)`` spread of the drivers' speed factors.

    Raises:
        ContractError: if nobody drives or a run has no length.
    """

    def __init__(
        self,
        net: Network,
        how: Behaviour,
        programs: Programs,
        demand: Demand,
        begin_s: float,
        duration_s: int,
        speed_sd: ArrayLike,
    ) -> None:
        if len(demand.vehicles) == 0:
            raise ContractError("demand: nobody drives; give at least one vehicle")
        if duration_s < 1:
            raise ContractError(f"duration_s: {duration_s}; give at least one second")
        self.net, self.how, self.programs, self.demand = net, how, programs, demand
        self.begin_s, self.duration_s = float(begin_s), duration_s
        self._speed_sd = np.asarray(speed_sd, np.float64)
        self._groups = int(demand.vehicles.group.max()) + 1
        self._members = np.bincount(demand.vehicles.group, minlength=self._groups)
        self._state = new_state(net, programs, demand, duration_s)

    @property
    def state(self) -> State:
        """The street as the last single run left it."""
        return self._state

    def paces(self, seeds: int | list[int]) -> F8:
        """How fast each driver drives, ``(seeds, vehicles)`` travel times as multiples of the mean.

        Args:
            seeds: seeds, or how many, from 1.
        """
        chosen = list(range(1, seeds + 1)) if isinstance(seeds, int) else seeds
        sd = self._speed_sd[self.demand.vehicles.kind]
        draws = [np.random.default_rng(seed).standard_normal(len(sd)) for seed in chosen]
        pace: F8 = 1 / np.clip(1 + sd * np.array(draws).reshape(len(chosen), len(sd)), *_PACE_LIMITS)
        return pace

    def evaluate(
        self, stage_s: ArrayLike, offset_s: ArrayLike, seeds: int | list[int] = 1, workers: int = 1
    ) -> Outcome:
        """Tries plans.

        Args:
            stage_s: ``(plans, stages)`` length of each stage, controller after controller.
            offset_s: ``(plans, controllers)`` when the first stage begins, positive is later.
            seeds: seeds of the drivers' paces, or how many.
            workers: cores to use; the result does not depend on it.

        Raises:
            ContractError: if a plan has another number of stages, or one that no clock can show.
        """
        stages, offsets = self._checked(stage_s, offset_s)
        pace = self.paces(seeds)
        runs = len(stages) * len(pace)
        delay, stops = np.zeros((runs, self._groups)), np.zeros((runs, self._groups))
        left = np.zeros(runs, np.int32)
        streets = new_state(self.net, self.programs, self.demand, self.duration_s, workers)
        run_batch(
            self.net, self.how, self.programs, self.demand, stages, offsets, pace, self.begin_s, self.duration_s,
            streets, _NO_TRACE, delay, stops, left,
        )  # fmt: skip
        shape = (len(stages), len(pace))
        with np.errstate(invalid="ignore"):
            by_group = delay / np.where(self._members > 0, self._members, np.nan)
        return Outcome(
            delay_s=(delay.sum(1) / len(self.demand.vehicles)).reshape(shape),
            stops=(stops.sum(1) / len(self.demand.vehicles)).reshape(shape),
            left=left.reshape(shape).astype(np.int64),
            group_delay_s=by_group.reshape(*shape, self._groups),
        )

    def run(self, stage_s: ArrayLike, offset_s: ArrayLike, seed: int = 1, trace: F8 = _NO_TRACE) -> float:
        """Tries one plan once and keeps the state; the mean delay in seconds.

        Args:
            stage_s: ``(stages,)``.
            offset_s: ``(controllers,)``.
            seed: of the drivers' paces.
            trace: ``(n, 4)`` is filled with passages.

        Raises:
            ContractError: as `evaluate`.
        """
        stages, offsets = self._checked(np.atleast_2d(stage_s), np.atleast_2d(offset_s))
        pace = self.paces([seed])[0]
        reset(self.net, self.programs, self.demand, stages[0], offsets[0], pace, self.begin_s, self._state)
        advance(self.net, self.how, self.programs, self.demand, stages[0], self._state, 0, self.duration_s, trace)
        delay, stops = np.zeros(self._groups), np.zeros(self._groups)
        settle(self.net, self.demand, self._state, float(self.duration_s), delay, stops)
        return float(delay.sum() / len(self.demand.vehicles))

    def standing(self, stage_s: ArrayLike, offset_s: ArrayLike, how: Standing, seed: int = 1) -> F8:
        """Who stands on each lane at the end of each second, ``(seconds, lanes)``.

        Args:
            stage_s: ``(stages,)``.
            offset_s: ``(controllers,)``.
            how: lengths of the lanes, and how a queue moves up.
            seed: of the drivers' paces.
        """
        longest = np.array([len(self.demand.step_choice)])
        steps = np.diff(np.append(np.unique(self.demand.vehicles.step), longest))
        room = int(steps.max()) * len(self.demand.vehicles)
        trace = np.zeros((room, 4))
        self.run(stage_s, offset_s, seed, trace)
        passages = np.vstack([trace[: self._state.clock[TRACED]], self._present()])
        order = np.argsort(passages[:, 0], kind="stable")
        lane, arrival, passage = passages[order, :3].T
        first = np.searchsorted(lane, np.arange(len(self.net.lanes) + 1)).astype(np.int64)
        out = np.zeros((self.duration_s, len(self.net.lanes)))
        halting(
            first, np.ascontiguousarray(arrival), np.ascontiguousarray(passage), how.speed_mps,
            1.0 / self.net.lanes.per_m.astype(np.float64), how.length_m,
            how.wave_s, how.move_s, how.brake_s, how.launch_s, out,
        )  # fmt: skip
        return out

    def _present(self) -> F8:
        """Those on the lanes at the end, as passages that never came."""
        found = []
        for i, (lane, queue) in enumerate(zip(self.net.lanes, self._state.lanes, strict=True)):
            for j in range(queue.count):
                place = self._state.ring[lane.slot + (queue.head + j) % lane.places]
                found.append((float(i), float(place.arrival_s), NEVER_S, float(place.vehicle)))
        return np.array(found).reshape(-1, 4)

    def _checked(self, stage_s: ArrayLike, offset_s: ArrayLike) -> tuple[F8, F8]:
        stages = np.ascontiguousarray(stage_s, np.float64)
        offsets = np.ascontiguousarray(offset_s, np.float64)
        pointers = self.programs.stage_ptr
        wanted, controllers = int(pointers[-1]), len(pointers) - 1
        if stages.ndim != 2 or stages.shape[1] != wanted:
            raise ContractError(f"stage_s: shape {stages.shape}; give (plans, {wanted}), a length for every stage")
        if offsets.shape != (len(stages), controllers):
            raise ContractError(f"offset_s: shape {offsets.shape}; give {(len(stages), controllers)}")
        if not (np.isfinite(stages).all() and (stages >= 0).all() and np.isfinite(offsets).all()):
            raise ContractError("stage_s, offset_s: a length below 0 or no number; give seconds")
        for c in range(controllers):
            if (stages[:, pointers[c] : pointers[c + 1]].sum(1) < 1).any():
                raise ContractError(f"stage_s: the cycle of controller {c} is shorter than a second")
        return stages, offsets
