"""What a schema cannot say about the rings of a site: every stage in one of them, and no conflict side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from nutgiao.configs.document import Key
from nutgiao.configs.structure import Problem
from nutgiao.models.contracts.errors import close_to
from nutgiao.models.contracts.site import Ring, Signals


def ring_problems(signals: Signals) -> Iterator[Problem]:
    """Yields what is wrong with the rings of a signal side whose groups and stages are right."""
    if not signals.rings:
        return
    found = [*_stages(signals)] or [*_sections(signals.rings)]
    yield from found or [*_order(signals), *_side_by_side(signals)]


def _stages(signals: Signals) -> Iterator[Problem]:
    """Every stage is in one ring, once; every ring has a name of its own."""
    stages = [stage.id for stage in signals.stages]
    seen: set[str] = set()
    for r, ring in enumerate(signals.rings):
        here: Key = ("signals", "rings", r)
        if ring.id in {other.id for other in signals.rings[:r]}:
            yield Problem((*here, "id"), f"ring '{ring.id}' is there already.", "Give it another.")
        for k, section in enumerate(ring.sections):
            for i, name in enumerate(section):
                there: Key = (*here, "sections", k, i)
                if name not in stages:
                    yield Problem(there, f"there is no stage '{name}'.", close_to(name, stages))
                elif name in seen:
                    yield Problem(there, f"stage '{name}' is in a ring already.", "A stage belongs to one section.")
                seen.add(name)
    for s, name in enumerate(stages):
        if name not in seen:
            cure = "Add it to a section of a ring, or remove it."
            yield Problem(("signals", "stages", s, "id"), f"stage '{name}' is in no ring.", cure)


def _sections(rings: tuple[Ring, ...]) -> Iterator[Problem]:
    """Rings cross the same barriers, and from each to the next somebody is served."""
    count = len(rings[0].sections)
    for r, ring in enumerate(rings[1:], 1):
        if len(ring.sections) != count:
            problem = f"ring '{ring.id}' has {len(ring.sections)} sections, ring '{rings[0].id}' {count}."
            cure = "All rings cross the same barriers; write [] where a ring has nothing to serve."
            yield Problem(("signals", "rings", r, "sections"), problem, cure)
    if not rings[0].sections[0]:
        problem = "the first section of the first ring is empty."
        yield Problem(
            ("signals", "rings", 0, "sections", 0), problem, "Its first stage is the reference of the offset."
        )
    for k in range(1, min(len(ring.sections) for ring in rings)):
        if not any(ring.sections[k] for ring in rings):
            here: Key = ("signals", "rings", 0, "sections", k)
            yield Problem(here, f"section {k + 1} is empty in every ring.", "Remove it.")


def _order(signals: Signals) -> Iterator[Problem]:
    """Stages are listed as the rings name them: greens and orders of plans are told in that order."""
    named = [name for ring in signals.rings for section in ring.sections for name in section]
    if named != [stage.id for stage in signals.stages]:
        cure = f"List them ring by ring: {', '.join(named)}."
        yield Problem(("signals", "stages"), "the stages stand in another order than the rings name them.", cure)


def _side_by_side(signals: Signals) -> Iterator[Problem]:
    """A group belongs to one ring; what conflicts is not in the same section of two rings."""
    groups = {stage.id: stage.groups for stage in signals.stages}
    conflicts = {frozenset((pair.from_group, pair.to_group)) for pair in signals.intergreens}
    for (_, one), (r, other) in combinations(enumerate(signals.rings), 2):
        here: Key = ("signals", "rings", r, "sections")
        ours = {name for section in one.sections for stage in section for name in groups[stage]}
        theirs = {name for section in other.sections for stage in section for name in groups[stage]}
        for name in sorted(ours & theirs):
            problem = f"group '{name}' is green in ring '{one.id}' and in ring '{other.id}'."
            yield Problem(here, problem, "A group belongs to the stages of one ring.")
        for k, (left, right) in enumerate(zip(one.sections, other.sections, strict=True)):
            pairs = [(a, b) for stage in left for a in groups[stage] for again in right for b in groups[again]]
            for a, b in sorted(set(pairs)):
                if frozenset((a, b)) in conflicts:
                    problem = f"'{a}' of ring '{one.id}' and '{b}' conflict and could be green together."
                    yield Problem((*here, k), problem, "Put a barrier between them.")
