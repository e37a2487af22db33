"""The sites as the page draws them: junctions, approaches, signal groups and stages on one ground plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nutgiao.models.contracts.site import Approach, Site


def layout(sites: Sequence[Site]) -> dict[str, Any]:
    """What never changes while the centre runs, as JSON."""
    return {"sites": [_site(site) for site in sites]}


def _site(site: Site) -> dict[str, Any]:
    signals = site.signals
    middles = [_middle_m(approach) for approach in site.approaches]
    return {
        "id": site.id,
        "name": {"vi": site.name.vi, "en": site.name.en},
        "utc_offset_h": site.utc_offset_h,
        "centre_m": [sum(axis) / len(middles) for axis in zip(*middles, strict=True)],
        "approaches": [_approach(approach) for approach in site.approaches],
        "groups": [{"id": group.id, "pedestrian": group.pedestrian} for group in signals.groups] if signals else [],
        "stages": [{"id": stage.id, "groups": stage.groups} for stage in signals.stages] if signals else [],
    }


def _approach(approach: Approach) -> dict[str, Any]:
    return {
        "id": approach.id,
        "origin_m": approach.origin_m,
        "heading_deg": approach.heading_deg,
        "length_m": approach.length_m,
        "width_m": approach.width_m,
        "signal_group": approach.signal_group,
        "left_signal_group": approach.left_signal_group,
        "upstream": approach.upstream,
    }


def _middle_m(approach: Approach) -> tuple[float, float]:
    """Where the stop line meets the centre of the road: its far end from the kerb, to the left of the direction."""
    heading = math.radians(approach.heading_deg)
    x, y = approach.origin_m
    return x - math.cos(heading) * approach.width_m, y + math.sin(heading) * approach.width_m
