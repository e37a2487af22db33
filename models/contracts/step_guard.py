"""The safety rules online: may these lamps be shown for the next second, asked of the same rules that judge a plan.

Where stages come in any order there is no plan to judge beforehand, only the next second. The rules are those of
`nutgiao.models.contracts.lamp_rules`, one piece of code for both: the guard keeps of every group the stretch that it
shows and its latest green, and hands them to the rules with the second that is asked for. So a refusal says the same
as the plan check: its ``second`` is that of the plan check (where a green that is too short began), and it comes in the
first second that breaks the rule.

Three things differ, because nobody knows what comes later:

- a group that nobody serves is caught by its longest red, not by `Rule.NOT_SERVED`;
- an amber is refused in the first second beyond its length, though its end is not seen yet;
- of what began before the guard did only the longest times are checked, as at the first second of a plan check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.models.contracts.lamp_rules import GROUP_RULES, PAIR_RULES, Stretch
from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.site import Intergreen, SignalGroup
from nutgiao.models.contracts.timeline import AMBER, GREEN, INDICATIONS

Lamp = int
"""`RED`, `GREEN` or `AMBER` of `nutgiao.models.contracts.timeline`."""

_UNSEEN = Stretch(-1, 0, 0, False, None)
"""Stands before the stretch that is judged: it says nothing itself, and a running green is not one without end."""


class LampsRefused(NutgiaoError):
    """Lamps that break at least one safety rule were to be shown.

    Args:
        second: for which they were meant.
        refusals: each broken rule.
    """

    def __init__(self, second: int, refusals: tuple[Refusal, ...]) -> None:
        self.second, self.refusals = second, refusals
        super().__init__(f"lamps of second {second} refused: " + "; ".join(map(str, refusals)))


class StepGuard:
    """Judges the lamps of one junction second by second.

    Args:
        groups: signal groups; lamps are given in their order.
        pairs: ordered pairs that are never green together, with the seconds between their greens.
        permitted: pairs that may be green together because one gives way; of them only the seconds are asked, from the
            end of one's green to a green of the other that begins later.
        second: number of the first second.
    """

    def __init__(
        self,
        groups: Sequence[SignalGroup],
        pairs: Sequence[Intergreen],
        permitted: Sequence[Intergreen] = (),
        *,
        second: int = 0,
    ) -> None:
        self.groups = tuple(groups)
        self.begin = self.second = second
        self._shown: list[Stretch] = []
        self._green: list[Stretch | None] = [None] * len(self.groups)
        self._judged: tuple[tuple[Lamp, ...], list[Stretch], tuple[Refusal, ...]] | None = None
        column = {group.id: k for k, group in enumerate(self.groups)}
        only = {Rule.INTERGREEN}
        self._pairs = [
            (pair, column[pair.from_group], column[pair.to_group], rules)
            for some, rules in ((pairs, set(PAIR_RULES)), (permitted, only))
            for pair in some
        ]
        self._longest_s = max((pair.seconds for pair, *_ in self._pairs), default=0)
        self._pairs_of: list[list[int]] = [[] for _ in self.groups]
        for n, (_, a, b, _) in enumerate(self._pairs):
            self._pairs_of[a].append(n)
            self._pairs_of[b].append(n)

    def shows(self, group: int) -> Stretch | None:
        """What a group has been showing until the last second; None before the first."""
        return self._shown[group] if self._shown else None

    def last_green(self, group: int) -> Stretch | None:
        """A group's latest green, running or over; None if none was seen."""
        return self._green[group]

    def check(self, lamps: Sequence[Lamp]) -> tuple[Refusal, ...]:
        """What rules it would break to show these lamps for the next second; nothing is taken over.

        Args:
            lamps: of each group.

        Raises:
            ValueError: if there are not as many lamps as groups, or one is none of the three.
        """
        return self._judge(lamps)[2]

    def step(self, lamps: Sequence[Lamp]) -> None:
        """Takes over the lamps of the next second.

        Args:
            lamps: of each group.

        Raises:
            LampsRefused: if they break a rule; the guard stays as it was.
            ValueError: if there are not as many lamps as groups, or one is none of the three.
        """
        _, shown, refusals = self._judge(lamps)
        if refusals:
            raise LampsRefused(self.second, refusals)
        self._green, self._shown, self._judged = self._greens(shown), shown, None
        self.second += 1

    def _judge(self, lamps: Sequence[Lamp]) -> tuple[tuple[Lamp, ...], list[Stretch], tuple[Refusal, ...]]:
        """Lamps, the stretches that run once they are shown, and what is wrong; kept for the step after a check."""
        if self._judged is None or self._judged[0] != tuple(lamps):
            shown = self._next(lamps)
            self._judged = tuple(lamps), shown, tuple(self._broken(shown))
        return self._judged

    def _next(self, lamps: Sequence[Lamp]) -> list[Stretch]:
        if len(lamps) != len(self.groups):
            raise ValueError(f"{len(lamps)} lamps for {len(self.groups)} groups")
        if not INDICATIONS.keys() >= set(lamps):
            raise ValueError(f"lamps {sorted(set(lamps) - INDICATIONS.keys())} are neither red nor green nor amber")
        if not self._shown:
            return [Stretch(lamp, self.second, 1, False, None) for lamp in lamps]
        return [
            Stretch(lamp, now.start, now.seconds + 1, False, None)
            if lamp == now.what
            else Stretch(lamp, self.second, 1, False, None)
            for now, lamp in zip(self._shown, lamps, strict=True)
        ]

    def _broken(self, shown: list[Stretch]) -> Iterator[Refusal]:
        begins: set[int] = set()
        rules = [group_rule for rule, group_rule in GROUP_RULES.items() if rule is not Rule.NOT_SERVED]
        for k, (group, now) in enumerate(zip(self.groups, shown, strict=True)):
            before = _UNSEEN
            if self._shown and now.start == self.second:
                ended = self._shown[k]
                before = ended._replace(whole=ended.start > self.begin, follows=now.what)
            if now.start == self.second and now.what == GREEN:
                begins.add(k)
            too_long = now.what == AMBER and now.seconds > group.amber_s
            judged = [before, now._replace(whole=True) if too_long else now]
            for group_rule in rules:
                yield from group_rule(group, judged)
        if not begins:
            return  # a pair's rules are broken in the second in which one of both gets green
        greens = self._greens(shown)
        recent = {  # whose green ended longer ago than any pair asks is in nobody's way
            k
            for k, one in enumerate(greens)
            if one is not None and one.start + one.seconds + self._longest_s >= self.second
        }
        for n in sorted({n for k in begins for n in self._pairs_of[k]}):
            pair, a, b, asked = self._pairs[n]
            one, other = greens[a], greens[b]
            if a in recent and b in recent and one is not None and other is not None:
                for rule, pair_rule in PAIR_RULES.items():
                    if rule in asked:
                        yield from pair_rule(pair, [one], [other])

    def _greens(self, shown: list[Stretch]) -> list[Stretch | None]:
        """Each group's latest green, given the stretches that run."""
        return [now if now.what == GREEN else last for now, last in zip(shown, self._green, strict=True)]
