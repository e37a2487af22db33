"""The page of an optimisation: figures with intervals, who loses, and the plan's stages drawn as bars."""

from __future__ import annotations

from html import escape
from typing import Any

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-size:.9em;display:block;overflow-x:auto}
td,th{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th{white-space:normal}
td:first-child,th:first-child{text-align:left}
.verdict{padding:.6rem 1rem;border-left:5px solid #b58900;background:#fdf6e3}
.yes{border-color:#2e7d32;background:#edf7ed}
svg{display:block;margin:.2rem 0;max-width:100%;height:auto}small{color:#555}
"""
_GREEN, _AMBER, _RED, _ARROW = "#2e9e4f", "#e8a317", "#c0392b", "#8bc34a"
_WIDTH, _BAR = 760, 22


def page(plan: dict[str, Any], summary: dict[str, Any], plots: str = "") -> str:
    """The page, with everything in it.

    Args:
        plan: as in ``plan.json``.
        summary: as in ``summary.json``.
        plots: further sections as HTML.
    """
    name = escape(str(summary["scenario"]))
    kind = "verdict yes" if summary["proposed"] else "verdict"
    said = "The plan is proposed: " if summary["proposed"] else "The shipped plan is kept: "
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}: signal plan</title><style>{STYLE}</style>",
        f"<h1>{name}: signal plan</h1><p class='{kind}'>{said}{escape(summary['why'])}.</p>",
        _figures(summary),
        _losers(summary["losers"]),
        plots,
        "<h2>Stages</h2><p><small>Upper bar: the plan; lower bar: as shipped. Green: somebody drives; light green: only"
        " arrows that ask to stop first; amber; red: nobody. Outlined stages may change, the others stay as shipped."
        "</small></p>",
        *(_light(one) for one in plan["lights"]),
        _spent(summary),
    ]
    return "\n".join([*parts, "</html>"])


def _figures(summary: dict[str, Any]) -> str:
    rows = []
    for title, key in (("as shipped", "shipped"), ("plan", "plan")):
        one = summary[key]
        if not one["delay_s"]:
            continue
        rows.append(
            f"<tr><td>{title}<td>{with_interval(one['delay_s'])}<td>{with_interval(one['person_delay_s'])}"
            f"<td>{one['worst_seed_delay_s']:.1f}"
            f"<td>{one['waiting_to_enter_s']:.1f}<td>{with_interval(one['stops'], 2)}<td>{one['arrived']:.0f} of"
            f" {one['scheduled']}<td>{one['collisions']}<td>{len(one['gridlocked_seeds'])}"
        )
    gain = summary["gain_s"]
    line = (
        f"Gain on {gain['pairs']} paired seeds: {with_interval(gain)} s a vehicle." if gain["low"] is not None else ""
    )
    wait = summary["walkers_wait_s"]
    if wait:
        line += f" People on foot wait {wait['plan']:.1f} s at crossings, {wait['shipped']:.1f} s as shipped."
    return (
        "<h2>What SUMO says</h2><table><tr><th><th>delay, s a vehicle (95 %)<th>delay, s a person (95 %)<th>worst seed"
        "<th>of it before entering"
        f"<th>stops (95 %)<th>arrived<th>collisions<th>jammed seeds{''.join(rows)}</table><p>{line}</p>"
    )


def _losers(found: list[dict[str, Any]]) -> str:
    if not found:
        return "<h2>Who loses</h2><p>No edge is worse off by 2 s a vehicle beyond chance.</p>"
    rows = "".join(
        f"<tr><td>{escape(one['edge'])}<td>{one['vehicles']:.0f}<td>{one['shipped_s']:.1f}<td>{one['plan_s']:.1f}"
        f"<td>{with_interval(one['worse_s'])}"
        for one in found
    )
    head = "<tr><th>edge<th>vehicles<th>shipped, s a vehicle<th>plan<th>worse by (95 %)"
    return f"<h2>Who loses</h2><table>{head}{rows}</table>"


def _light(light: dict[str, Any]) -> str:
    cycle_s, shipped_s = light["cycle_s"], sum(stage["shipped_s"] for stage in light["stages"])
    scale = _WIDTH / max(cycle_s, shipped_s, 1.0)
    bars = _bar(light["stages"], "duration_s", 0, scale) + _bar(light["stages"], "shipped_s", _BAR + 4, scale)
    title = f"{escape(light['id'])}: cycle {cycle_s:g} s (shipped {shipped_s:g} s), offset {light['offset_s']:g} s"
    return (
        f"<h3>{title}</h3><svg role=img aria-label='{title}' width={_WIDTH} height={2 * _BAR + 6} "
        f"viewBox='0 0 {_WIDTH} {2 * _BAR + 6}'>{bars}</svg>"
    )


def _bar(stages: list[dict[str, Any]], key: str, top: int, scale: float) -> str:
    found, at = [], 0.0
    for stage in stages:
        length_s = stage[key]
        width = length_s * scale
        edge = " stroke='#000'" if stage["adjustable"] else ""
        found.append(
            f"<rect x='{at:.1f}' y='{top + 1}' width='{width:.1f}' height='{_BAR}'"
            f" fill='{_colour(stage['state'])}'{edge}>"
            f"<title>{escape(stage['state'])}: {length_s:g} s</title></rect>"
        )
        if width > 20:
            found.append(
                f"<text x='{at + width / 2:.1f}' y='{top + 16}' text-anchor='middle' font-size='12'>{length_s:g}</text>"
            )
        at += width
    return "".join(found)


def _colour(state: str) -> str:
    if "y" in state or "Y" in state:
        return _AMBER
    if "G" in state or "g" in state:
        return _GREEN
    return _ARROW if "s" in state else _RED


def _spent(summary: dict[str, Any]) -> str:
    spent, seeds = summary["spent"], summary["seeds"]
    return (
        f"<h2>Effort</h2><p>{spent['kernel_runs']:,} runs of the queue kernel and {spent['sumo_runs']} of SUMO "
        f"({spent['from_cache']} more were known) in {spent['wall_s']:.0f} s ({spent['cpu_s']:.0f} s of CPU). "
        f"Search seed {seeds['search']}; SUMO seeds for the choice "
        f"{', '.join(map(str, seeds['training']))}; for the verdict {', '.join(map(str, seeds['report']))}.</p>"
    )


def with_interval(one: dict[str, Any], digits: int = 1) -> str:
    """A mean with its interval, if it has one."""
    if one["low"] is None:
        return f"{one['mean']:.{digits}f}"
    return f"{one['mean']:.{digits}f} ({one['low']:.{digits}f} to {one['high']:.{digits}f})"
