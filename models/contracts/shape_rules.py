"""The rules about what can be drawn at all: a green for each stage, an order that the site allows, rings that meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nutgiao.models.contracts.refusal import Refusal, Rule
from nutgiao.models.contracts.rings import places_of, ring_s
from nutgiao.models.contracts.site import Signals


def undrawable(signals: Signals, green_s: Sequence[int], order: Sequence[int]) -> list[Refusal]:
    """What keeps the lamps of a cycle from being drawn; no other rule can be asked then.

    Args:
        signals: signal side of the site.
        green_s: greens in the site's order.
        order: stages in the order of running; empty for the site's own.
    """
    found = [refusal for rule in SHAPE_RULES.values() for refusal in rule(signals, green_s, order)]
    return found or [refusal for rule in RING_RULES.values() for refusal in rule(signals, green_s, order)]


def shape(signals: Signals, green_s: Sequence[int], order: Sequence[int]) -> Iterator[Refusal]:
    """One green for each stage, at least a second each."""
    del order
    if len(green_s) != len(signals.stages) or min(green_s, default=0) < 1:
        reason = f"{len(green_s)} greens {tuple(green_s)} for {len(signals.stages)} stages"
        yield Refusal(rule=Rule.SHAPE, reason=reason, cure="give each stage at least one second of green")


def stage_order(signals: Signals, green_s: Sequence[int], order: Sequence[int]) -> Iterator[Refusal]:
    """Every stage once, the first one first, others only where the site allows it and inside their ring's section."""
    del green_s
    own = list(range(len(signals.stages)))
    if not order or list(order) == own:
        return
    home = _homes(signals)
    if not signals.limits.free_order:
        cure = "leave the order out, or allow it in the site file: limits: {free_order: true}"
    elif sorted(order) != own:
        cure = f"name each of the stages 0 to {own[-1]} once"
    elif order[0] != 0:
        cure = "begin with stage 0: it is the reference of the offset"
    elif [home[stage] for stage in order] != home:
        cure = "swap stages only inside a section of a ring"
    else:
        return
    yield Refusal(rule=Rule.ORDER, reason=f"stages in the order {list(order)}", cure=cure)


def barrier(signals: Signals, green_s: Sequence[int], order: Sequence[int]) -> Iterator[Refusal]:
    """All rings take equally long from barrier to barrier."""
    for section in places_of(signals, order):
        seconds = [ring_s(signals, ring, green_s) for ring in section]
        for ring, used in zip(section, seconds, strict=True):
            stage = signals.stages[ring[-1].stage]
            if used < max(seconds):
                reason = f"stage {stage.id} ends {max(seconds) - used} s before the other ring comes to the barrier"
                cure = f"give {max(seconds) - used} s more to stage {stage.id}, or to another of its ring's section"
                yield Refusal(rule=Rule.BARRIER, reason=reason, cure=cure, groups=stage.groups)


def _homes(signals: Signals) -> list[tuple[int, int]]:
    """Ring and section of each stage, in the site's order."""
    rings = [[(r, k) for k, names in enumerate(ring.sections) for _ in names] for r, ring in enumerate(signals.rings)]
    return [home for ring in rings for home in ring] or [(0, 0)] * len(signals.stages)


ShapeRule = Callable[[Signals, Sequence[int], Sequence[int]], Iterator[Refusal]]

SHAPE_RULES: dict[Rule, ShapeRule] = {Rule.SHAPE: shape, Rule.ORDER: stage_order}
"""What a cycle must be made of."""

RING_RULES: dict[Rule, ShapeRule] = {Rule.BARRIER: barrier}
"""What its rings must keep, once they are known."""
