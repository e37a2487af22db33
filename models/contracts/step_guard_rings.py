"""A site with rings as one without, so that its stages may be shown in any order."""

from __future__ import annotations

from itertools import product

import msgspec

from nutgiao.models.contracts.site import Signals, Stage, TimedPlan


def side_by_side(signals: Signals) -> Signals:
    """A site with rings as one without: each choice of stages, one of each ring between two barriers, is a stage.

    Its table holds one plan that only fills it: a second of green for each stage.
    """
    index = {stage.id: stage for stage in signals.stages}
    chosen: list[tuple[str, ...]] = []
    for parts in zip(*(ring.sections for ring in signals.rings), strict=True):
        chosen += product(*(part for part in parts if part))
    stages = tuple(
        Stage(id="+".join(names), groups=tuple(dict.fromkeys(group for name in names for group in index[name].groups)))
        for names in chosen
    )
    row = TimedPlan(id="fill", start="00:00", offset_s=0, green_s=(1,) * len(stages))
    return msgspec.structs.replace(signals, stages=stages, rings=(), time_of_day=(row,))
