"""A crossroads for tests: two approaches, a crossing beside each, two stages."""

from __future__ import annotations

from nutgiao.models.contracts.plan import SignalPlan, cycle_of
from nutgiao.models.contracts.site import (
    Approach,
    Intergreen,
    Lane,
    Limits,
    Name,
    SignalGroup,
    Signals,
    Site,
    Stage,
    TimedPlan,
    site_hash,
)
from nutgiao.models.contracts.words import Turn

NOON_S = 1_795_496_400  # 2026-11-24 12:00 in Hanoi


def crossroads(node: str = "x1", limits: Limits | None = None) -> Site:
    """Main road (group m) against side road (group s), crossings pm and ps parallel to them."""
    lane = [Lane(id=f"{a}{k}", width_m=3.2, turns=(Turn.THROUGH,)) for a in "ms" for k in (0, 1)]
    pairs = [("m", "s", 5), ("s", "m", 5), ("m", "ps", 5), ("ps", "m", 12), ("s", "pm", 5), ("pm", "s", 10)]
    signals = Signals(
        groups=(
            SignalGroup(id="m"),
            SignalGroup(id="s"),
            SignalGroup(id="pm", pedestrian=True, amber_s=0),
            SignalGroup(id="ps", pedestrian=True, amber_s=0),
        ),
        stages=(Stage(id="main", groups=("m", "pm")), Stage(id="side", groups=("s", "ps"))),
        intergreens=tuple(Intergreen(from_group=a, to_group=b, seconds=n) for a, b, n in pairs),
        limits=limits or Limits(),
        time_of_day=(
            TimedPlan(id="night", start="00:00", offset_s=0, green_s=(25, 25)),
            TimedPlan(id="day", start="06:00", offset_s=10, green_s=(45, 35)),
        ),
    )
    return Site(
        schema="nutgiao/site/1",
        id=node,
        name=Name(vi="Ngã tư thử", en="Test crossroads"),
        approaches=(
            Approach(id="M", origin_m=(0.0, 0.0), heading_deg=0.0, lanes=tuple(lane[:2]), signal_group="m"),
            Approach(id="S", origin_m=(8.0, 8.0), heading_deg=90.0, lanes=tuple(lane[2:]), signal_group="s"),
        ),
        signals=signals,
    )


def plan_for(
    site: Site,
    green_s: tuple[int, ...] = (40, 40),
    *,
    offset_s: int = 0,
    revision: int = 1,
    now_s: float = NOON_S,
    life_s: float = 900.0,
) -> SignalPlan:
    """A plan of the centre for a site, valid from now."""
    assert site.signals is not None
    return SignalPlan(
        id=f"c{revision}",
        node=site.id,
        site_hash=site_hash(site),
        revision=revision,
        cycle_s=cycle_of(site.signals, green_s),
        offset_s=offset_s,
        green_s=green_s,
        valid_from_s=now_s,
        expires_s=now_s + life_s,
    )
