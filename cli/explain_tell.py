"""An explained decision in a terminal: sentences and tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table

from nutgiao.cli.arguments import clock
from nutgiao.cli.explain_sentences import Sentences
from nutgiao.cli.explain_words import Words
from nutgiao.models.contracts.decision import Decision, LinkSeen, LogHeader, Measure, Second

_PIPED_COLUMNS = 120
_MOST_COLUMNS = 32
"""Of a light's name."""

_ROOM_VEH = 2.0
"""Less room than this behind a light is pointed out."""


class Teller:
    """Prints.

    Args:
        header: of the log.
        words: of a language.
        console: where to.
    """

    def __init__(self, header: LogHeader, words: Words, console: Console | None = None) -> None:
        self._header, self._words = header, words
        self._console = console or Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_COLUMNS)

    def title(self, ends_s: float | None) -> None:
        """Which run it is; ``ends_s`` if its log is not finished."""
        header = self._header
        told = self._words(
            "title", scenario=header.scenario, controller=header.controller, detection=header.detection,
            seed=header.seed, nutgiao=header.nutgiao, sumo=header.sumo,
        )  # fmt: skip
        self._say(told, "dim")
        if ends_s is not None:
            self._say(self._words("unfinished", clock=clock(ends_s - 1.0)), "yellow")

    def explain(self, at_s: float, decision: Decision) -> None:
        """All of one decision."""
        words, say = self._words, Sentences(self._header, decision.light, self._words)
        self._say(words("at", light=say.light.id, clock=clock(at_s), second=f"{at_s:g}"), "bold")
        self._say(_sentence(say.why(decision)))
        self._say("; ".join(say.arms()), "dim")
        self._head(words("showed"))
        greens = say.greens(say.light.stages[decision.stage]) if decision.coming < 0 else ""
        self._say(_sentence(say.showed(decision) + (f": {greens}" if greens else "")))
        looks_s = self._header.looks_s
        self._head(words("seen") if looks_s is None else words("seen_within", s=f"{looks_s:g}"))
        self._seen(say, decision)
        self._considered(say, decision)
        self._head(words("afterwards"))
        for line in say.safety(decision) or [words("untouched")]:
            self._say(_sentence(line))
        self._head(words("then"))
        self._say(_sentence(say.then(decision)))
        self._say(decision.lamps, "dim")

    def lights(self, second: Second) -> None:
        """A line for each light."""
        words = self._words
        self._say(words("lights_at", clock=clock(second.at_s), second=f"{second.at_s:g}"), "bold")
        table = self._lines(words("light"))
        for one in second.lights:
            table.add_row(self._header.lights[one.light].id, *self._line(one))
        self._console.print(table)

    def moments(self, rows: Sequence[tuple[float, Decision]], here_s: float) -> None:
        """A line for each second of one light."""
        self._head(self._words("around"))
        table = self._lines(self._words("time"))
        for at_s, one in rows:
            table.add_row(clock(at_s), *self._line(one), style="bold" if at_s == here_s else "")
        self._console.print(table)

    def _seen(self, say: Sentences, decision: Decision) -> None:
        words = self._words
        if not decision.seen:
            self._say(words("nobody"))
            return
        weighs = any(one.weight != one.stand + one.come for one in decision.seen)
        names = ["way", "lamp", "red_for", "stand", "come", "first", "room", *(["weight"] if weighs else []), "note"]
        table = _table(*(words(name) for name in names), right=range(2, len(names) - 1))
        rows: dict[tuple[str, str], list[LinkSeen]] = {}
        for one in decision.seen:
            rows.setdefault((say.way(one.link), decision.lamps[one.link]), []).append(one)
        for (way, letter), seen in rows.items():
            rooms = [one.room_veh for one in seen if one.room_veh is not None]
            firsts = [one.first_s for one in seen if one.first_s is not None]
            late_s, red_s = max(one.late_s for one in seen), max(one.red_s for one in seen)
            notes = [words("held_up", s=f"{late_s:g}")] if late_s else []
            notes += [words("full")] if rooms and max(rooms) < _ROOM_VEH else []
            table.add_row(
                way,
                words.lamp(letter),
                f"{red_s:g} s" if red_s else "",
                str(sum(one.stand for one in seen) or ""),
                str(sum(one.come for one in seen) or ""),
                f"{min(firsts):g} s" if firsts else "",
                f"{sum(rooms):.0f}" if rooms else "",
                *([f"{sum(one.weight for one in seen):g}"] if weighs else []),
                ", ".join(notes),
            )
        self._console.print(table)

    def _considered(self, say: Sentences, decision: Decision) -> None:
        words, delay = self._words, self._header.measure is Measure.DELAY
        self._head(words.considered(self._header.measure, sum(one.scripts for one in decision.options)))
        rules = say.rules(decision)
        if rules:
            self._say(_sentence(rules))
        if not decision.options:
            if not rules:
                self._say(words("nothing"))
            return
        heads = [words("option"), words("serves"), words("cost" if delay else "score"), words("more")]
        table = _table(*heads, *([words("soonest")] if delay else []), right=range(2, 5))
        best = decision.options[0].figure
        for number, one in enumerate(decision.options):
            table.add_row(
                say.option(one, decision.stage),
                say.greens(say.light.stages[one.stage]),
                say.figure(one.figure),
                "" if number == 0 else say.figure(abs(one.figure - best)),
                *([say.figure(one.soonest) if one.soonest != one.figure else ""] if delay else []),
                style="bold" if number == 0 else "",
            )
        self._console.print(table)

    def _lines(self, first: str) -> Table:
        words = self._words
        heads = (words("before"), words("did"), words("best"), words("by"), words("safety"))
        return _table(first, *heads, right=range(4, 5), whole=range(5))

    def _line(self, one: Decision) -> tuple[str, str, str, str, str]:
        say = Sentences(self._header, one.light, self._words)
        best = say.option(one.options[0], one.stage) if one.options else ""
        margin = say.figure(one.rival[1]) if one.rival is not None else ""
        return say.brief(one), say.then(one), best, margin, say.short(one)

    def _head(self, text: str) -> None:
        self._say("")
        self._say(text, "bold cyan")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style, markup=False, soft_wrap=True)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def _table(*heads: str, right: range = range(0), whole: range = range(1)) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, head in enumerate(heads):
        most = _MOST_COLUMNS if number == 0 else None
        justify: JustifyMethod = "right" if number in right else "left"
        table.add_column(head, justify=justify, no_wrap=number in whole, max_width=most)
    return table
