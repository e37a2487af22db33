"""How often each of a few things happens, learnt from what is seen, and deals that keep to it."""

from __future__ import annotations

from collections.abc import Sequence

MEMORY_VEH = 300.0
"""An observation counts a third after so many others: turning shares at a light drift over an hour, not within a cycle
(assumption)."""


class Shares:
    """A streaming estimate: counts that fade, on top of a prior.

    Dealing follows error diffusion: what has been dealt most too seldom comes next. So every stretch of the deals has
    the learnt shares, which a draw by chance has in the long run only.

    Args:
        prior: for each thing, as if it had been observed so often.
        memory_veh: observations after which an old one counts a third.
    """

    __slots__ = ("_count", "_keep", "_owed", "_prior")

    def __init__(self, prior: Sequence[float], memory_veh: float = MEMORY_VEH) -> None:
        self._prior = list(prior)
        self._count = [0.0] * len(prior)
        self._owed = [0.0] * len(prior)
        self._keep = 1.0 - 1.0 / memory_veh

    def learn(self, thing: int, weight: float = 1.0) -> None:
        """Something has been observed."""
        self._count = [self._keep * one for one in self._count]
        self._count[thing] += weight

    def shares(self, allowed: Sequence[int] | None = None) -> list[float]:
        """The share of each thing, among those allowed; zeros if nothing is."""
        size = len(self._count)
        among = range(size) if allowed is None else allowed
        made = [0.0] * size
        total = sum(self._count[k] + self._prior[k] for k in among)
        if total > 0.0:
            for k in among:
                made[k] = (self._count[k] + self._prior[k]) / total
        return made

    def deal(self, allowed: Sequence[int] | None = None) -> int:
        """The thing to be believed of the next one.

        Args:
            allowed: things that are possible; all if None.

        Returns:
            The thing, or -1 if none is possible.
        """
        shares = self.shares(allowed)
        if not any(shares):
            return -1
        owed = self._owed
        best, most = -1, 0.0
        for k, share in enumerate(shares):
            owed[k] += share
            if share > 0.0 and (best < 0 or owed[k] > most):
                best, most = k, owed[k]
        owed[best] -= 1.0
        return best
