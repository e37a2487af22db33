"""What all plans of a site in one order have in common: the same lamps, of which greens stretch only a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ContractError
from nutgiao.models.contracts.site import Signals
from nutgiao.models.contracts.timeline import expand_cycle, stage_starts
from nutgiao.models.contracts.transition import shortest_greens


@dataclass(frozen=True, slots=True)
class Phases:
    """The cycle of a site, cut where any lamp changes.

    A stage's green begins with all its groups green; its crossings stop walk a fixed time before its end, and what
    follows takes fixed times, too. So a green stretches the first phase of its stage and nothing else.

    Attributes:
        lamps: ``(phases, groups)`` codes of `timeline`, groups in the site's order.
        fixed_s: ``(phases,)`` length of each phase without the share that a green gives.
        stretched: phase that each stage's green stretches.
        least_s: shortest green of each stage; below it the order of the phases would change.
    """

    lamps: NDArray[np.int8]
    fixed_s: NDArray[np.int64]
    stretched: tuple[int, ...]
    least_s: tuple[int, ...]

    def durations_s(self, green_s: Sequence[int]) -> NDArray[np.int64]:
        """Lengths of the phases under these displayed greens, ``(phases,)``.

        Raises:
            ContractError: if there is not one green for each stage, or one is shorter than the site allows.
        """
        if len(green_s) != len(self.least_s):
            raise ContractError(f"green_s: {len(green_s)} greens; the site has {len(self.least_s)} stages")
        for stage, (green, least) in enumerate(zip(green_s, self.least_s, strict=True)):
            if green < least:
                raise ContractError(f"green_s: stage {stage} has {green} s; the site's least is {least} s")
        durations = self.fixed_s.copy()
        durations[list(self.stretched)] += np.asarray(green_s, np.int64)
        return durations


def phases_of(signals: Signals, order: Sequence[int] = ()) -> Phases:
    """The phases of a site's plans in one order of the stages; greens are told in the site's order all the same.

    Args:
        signals: signal side of the site.
        order: stages in the order of running; empty for the site's own.

    Raises:
        ContractError: if the site has several rings: which of their lamps changes first depends on the greens.
    """
    if len(signals.rings) > 1:
        raise ContractError("rings: lamps of a site with rings follow no fixed sequence; expand its plans one by one")
    least = shortest_greens(signals, order)
    lamps = expand_cycle(signals, least, order)
    starts = stage_starts(signals, least, order)
    begins = sorted({0, *starts, *(np.flatnonzero((lamps[1:] != lamps[:-1]).any(axis=1)) + 1).tolist()})
    fixed = np.diff([*begins, len(lamps)]).astype(np.int64)
    stretched = tuple(begins.index(start) for start in starts)
    fixed[list(stretched)] -= np.asarray(least, np.int64)
    return Phases(lamps[begins], fixed, stretched, least)
