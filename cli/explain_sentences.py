"""Sentences about a light's decision, in the words of one language."""

from __future__ import annotations

from nutgiao.cli.explain_words import Words
from nutgiao.models.contracts.decision import Basis, Decision, LightName, LinkName, LogHeader, Measure, Option, Outcome
from nutgiao.models.contracts.words import Turn

_ARROWS = {Turn.LEFT: "↰", Turn.THROUGH: "↑", Turn.RIGHT: "↱"}
"""As on the signs over the lanes; a turn back goes with the others and is left out."""

_GOES = "Ggs"


class Sentences:
    """Says what one light did.

    Args:
        header: of the log.
        light: number of the light there.
        words: of a language.
    """

    def __init__(self, header: LogHeader, light: int, words: Words) -> None:
        self._header, self._words = header, words
        self.light: LightName = header.lights[light]
        named = [name for name in self.light.links if name is not None and name.turn is not None]
        self._origins = {name.arm: sorted({one.origin for one in named if one.arm == name.arm}) for name in named}

    def arms(self) -> list[str]:
        """The arms of the light with their edges and streets."""
        streets = {one.origin: one.street for one in self.light.links if one is not None and one.street}
        return [
            f"{self._words(f'arm_{arm}')}: " + ", ".join(f"{edge} ({streets[edge]})" if edge in streets else edge
            for edge in edges)
            for arm, edges in self._origins.items()
        ]  # fmt: skip

    def arm(self, name: LinkName) -> str:
        """The compass point of a link, with its edge where two arms have the same."""
        told = self._words(f"arm_{name.arm}")
        return f"{told} ({name.origin})" if len(self._origins.get(name.arm, ())) > 1 else told

    def way(self, link: int) -> str:
        """Who obeys a letter of the light's states."""
        name = self.light.links[link]
        if name is None:
            return self._words("link", n=link)
        if name.turn is None:
            return self._words("crossing", arm=self._words(f"arm_{name.arm}"))
        return self._words("from", arm=self.arm(name), turn=self._words(f"turn_{name.turn.value}"))

    def greens(self, state: str) -> str:
        """Who may go in a state, arm by arm."""
        found: dict[str, set[Turn]] = {}
        for link, letter in enumerate(state):
            name = self.light.links[link] if link < len(self.light.links) else None
            if name is None or letter not in _GOES or name.turn is Turn.UTURN:
                continue
            arm = self.way(link) if name.turn is None else self.arm(name)
            found.setdefault(arm, set()).update([name.turn] if name.turn is not None else [])
        told = (
            f"{arm} {''.join(_ARROWS[turn] for turn in _ARROWS if turn in turns)}".strip()
            for arm, turns in found.items()
        )
        return ", ".join(told)

    def why(self, decision: Decision) -> str:
        """The reason of the controller."""
        words = self._words
        if decision.outcome is Outcome.CHANGE_RUNS:
            return words("change_runs")
        rules = self.rules(decision)
        if not decision.options:
            return rules or words("nothing_now", n=decision.wish + 1)
        best = decision.options[0]
        told = {"n": decision.stage + 1, "b": best.stage + 1, "figure": self.named(best.figure)}
        if best.stage == decision.stage:
            text = words("keep_best", **told)
        elif best.hold_s:
            text = words("wait_best", s=f"{best.hold_s:g}", **told)
        else:
            text = words("go_best", **told)
        if decision.wish != (decision.stage if best.hold_s != 0.0 else best.stage):
            return text + (f"; {rules}" if rules else words("bound", n=decision.wish + 1))
        if decision.rival is None:
            return text
        rival, margin = decision.rival
        keeps, n = best.hold_s != 0.0, rival.stage + 1
        option = words("o_now", n=n) if keeps else self.option(rival, decision.stage)
        key = ("keep_rival" if keeps else "rival") if margin else "same"
        return text + words(key, n=n, option=option, margin=self.figure(margin))

    def rules(self, decision: Decision) -> str:
        """The rules that led to the wish; empty if it went by figures only."""
        told = []
        for one in decision.reasons:
            figures = {"s": "" if one.s is None else f"{one.s:.3g}", "most": f"{one.most_s or 0.0:g}"}
            key = one.basis.value
            if one.basis in {Basis.EXTENDED, Basis.GAP_OUT} and one.s is None:
                key += "_alone"
            elif one.basis is Basis.ORDER and one.next is None:
                key += "_open"
            then = 0 if one.next is None else one.next + 1
            told.append(self._words(f"r_{key}", n=decision.stage + 1, b=one.stage + 1, next=then, **figures))
        return "; ".join(told)

    def safety(self, decision: Decision) -> list[str]:
        """What the safety code did."""
        words, late = self._words, decision.late
        least = {"n": decision.stage + 1, "s": f"{decision.green_s:g}", "least": f"{self._header.least_green_s:g}"}
        told = []
        if decision.outcome is Outcome.CHANGE_RUNS:
            told.append(words("running", n=decision.coming + 1))
        if late is not None:
            figures = {"red": f"{late.red_s:g}", "most": f"{late.most_s:g}", "b": late.stage + 1}
            told.append(words("late", way=self.way(late.link), n=decision.wish + 1, **figures))
        if decision.outcome is Outcome.LEAST_GREEN:
            told.append(words("least_green", **least))
        elif decision.outcome is Outcome.STAYS and decision.green_s < self._header.least_green_s:
            told.append(words("least_left", **least))
        elif decision.outcome is Outcome.UNKNOWN_STAGE:
            told.append(words("unknown_stage", n=_asked(decision)))
        for one in decision.refused:
            told.append(
                words("refused", n=_asked(decision), rule=one.rule.value, reason=one.reason, cure=one.cure)
            )  # fmt: skip
        return told

    def short(self, one: Decision) -> str:
        """What the safety code did, in a word or two."""
        words = self._words
        told = []
        if one.late is not None:
            told.append(words("s_late", way=self.way(one.late.link)))
        if one.refused:
            told.append(words("s_refused", n=_asked(one), rule=one.refused[0].rule.value))
        if one.outcome is Outcome.LEAST_GREEN:
            told.append(words("s_least"))
        if one.outcome is Outcome.UNKNOWN_STAGE:
            told.append(words("s_unknown", n=_asked(one)))
        return ", ".join(told)

    def option(self, option: Option, stage: int) -> str:
        """A way to go on from a stage."""
        n = option.stage + 1
        if option.stage == stage:
            return self._words("o_keep", n=n)
        return self._words("o_later", n=n, s=f"{option.hold_s:g}") if option.hold_s else self._words("o_now", n=n)

    def showed(self, one: Decision) -> str:
        """What showed before."""
        if one.coming >= 0:
            return self._words("change_left", a=one.stage + 1, b=one.coming + 1, s=f"{one.left_s:g}")
        return self._words("green_for", n=one.stage + 1, s=f"{one.green_s:g}")

    def brief(self, one: Decision) -> str:
        """What showed before, in few words."""
        if one.coming >= 0:
            return self._words("brief_change", a=one.stage + 1, b=one.coming + 1, s=f"{one.left_s:g}")
        return self._words("brief_green", n=one.stage + 1, s=f"{one.green_s:g}")

    def then(self, one: Decision) -> str:
        """What was shown then."""
        if one.outcome is Outcome.CHANGE_RUNS:
            return self._words("goes_on", n=one.then_coming + 1)
        if one.then_coming >= 0:
            return self._words("changes", n=one.then_coming + 1)
        return self._words("stays" if one.then == one.stage else "begins", n=one.then + 1)

    def figure(self, figure: float) -> str:
        """A cost or a score."""
        return f"{figure:.1f}" if self._header.measure is Measure.DELAY else f"{figure:g}"

    def named(self, figure: float) -> str:
        """A cost or a score, with that word."""
        return f"{self._words('cost' if self._header.measure is Measure.DELAY else 'score')} {self.figure(figure)}"


def _asked(decision: Decision) -> int:
    """Number from 1 of the stage that was asked for at last."""
    return (decision.late.stage if decision.late is not None else decision.wish) + 1
