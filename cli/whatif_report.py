"""The page of a what-if study: verdict, figures with intervals, who loses, queues and trajectories."""

from __future__ import annotations

from html import escape
from typing import Any

from nutgiao.cli.charts import queue_section, way_section
from nutgiao.cli.optimize_report import STYLE, with_interval
from nutgiao.cli.whatif_run import BASE, CHANGED, Study


def page(found: Study, summary: dict[str, Any]) -> str:
    """The page, with everything in it.

    Args:
        found: the study, for the plots.
        summary: as in ``summary.json``.
    """
    name = escape(str(summary["scenario"]))
    more = summary["more_delay_s"]
    better = summary["significant"] and more is not None and more["mean"] < 0
    asked = "".join(f"<li><code>{escape(one['change'])}</code>: {escape(one['words'])}" for one in summary["changes"])
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}: what if</title><style>{STYLE}</style>",
        f"<h1>{name}: what if</h1><ul>{asked}</ul>",
        f"<p class='verdict{' yes' if better else ''}'>{escape(summary['verdict'])}</p>",
        figures_section(summary, (BASE, CHANGED)),
        losers_section(summary["losers"], (BASE, CHANGED)),
        never_in_section(summary, (BASE, CHANGED)),
        plots(found),
        effort(summary),
    ]
    return "\n".join([*(part for part in parts if part), "</html>"])


def plots(found: Study) -> str:
    """Queues and trajectories."""
    before, after = (list(found.trials[name].values()) for name in (BASE, CHANGED))
    begin_s = found.pair.base.scenario.begin_s
    queues = queue_section(before, after, found.approaches, begin_s, (BASE, CHANGED))
    return f"{queues}\n{way_section(found.corridor, found.tracks, min(found.trials[BASE]))}"


def figures_section(summary: dict[str, Any], names: tuple[str, str]) -> str:
    """Figures of both sides, which ``names`` are keys of the summary, and their difference."""
    rows = []
    for key in names:
        one = summary[key]
        if one["delay_s"]:
            rows.append(
                f"<tr><td>{key}<td>{with_interval(one['delay_s'])}<td>{with_interval(one['person_delay_s'])}"
                f"<td>{one['worst_seed_delay_s']:.1f}<td>{one['waiting_to_enter_s']:.1f}"
                f"<td>{with_interval(one['stops'], 2)}<td>{one['arrived']:.0f} of {one['scheduled']}"
                f"<td>{one['collisions']}<td>{one['emergency_brakings']}<td>{len(one['gridlocked_seeds'])}"
            )
    more, persons = summary["more_delay_s"], summary["more_person_delay_s"]
    if more:
        rows.append(
            f"<tr><td>difference<td>{with_interval(more)}<td>{with_interval(persons)}<td><td><td><td><td><td><td>"
        )
    return (
        "<h2>What SUMO says</h2><table><tr><th><th>delay, s a vehicle (95 %)<th>delay, s a person (95 %)<th>worst seed,"
        " s<th>of it before entering, s<th>stops (95 %)<th>arrived<th>collisions<th>emergency brakings<th>jammed seeds"
        f"{''.join(rows)}</table>"
        "<p><small>Delay is the time lost on the road and waited outside, of everyone, also of who has not arrived. "
        f"Seeds {', '.join(map(str, summary['seeds']))}; differences are of runs on the same seed.</small></p>"
    )


def losers_section(losers: dict[str, list[dict[str, Any]]], names: tuple[str, str]) -> str:
    """Who is worse off on the second side."""
    head = f"<tr><th>{{}}<th>vehicles<th>{names[0]}, s a vehicle<th>{names[1]}<th>worse by (95 %)"
    tables = []
    for kind, title in (("edges", "edge"), ("classes", "class"), ("lines", "line")):
        rows = "".join(
            f"<tr><td>{escape(one['name'])}<td>{one['vehicles']:.0f}<td>{one['before_s']:.1f}<td>{one['after_s']:.1f}"
            f"<td>{with_interval(one['worse_s'])}"
            for one in losers[kind][:12]
        )
        rest = len(losers[kind]) - 12
        more = f"<p><small>and {rest} more in summary.json</small></p>" if rest > 0 else ""
        if rows:
            tables.append(f"<table>{head.format(title)}{rows}</table>{more}")
    nobody = "<p>No edge, class or line is worse off by 2 s a vehicle beyond chance.</p>"
    return "<h2>Who loses</h2>" + ("".join(tables) or nobody)


def never_in_section(summary: dict[str, Any], names: tuple[str, str]) -> str:
    """Where vehicles waited that never got in, on both sides; empty if there are none."""
    rows = []
    for key in names:
        never = summary[key].get("never_entered", {"edges": []})
        rows += [f"<tr><td>{key}<td>{escape(one['edge'])}<td>{one['vehicles']:.1f}" for one in never["edges"][:6]]
    if not rows:
        return ""
    head = "<tr><th>scenario<th>edge<th>vehicles, mean of the seeds"
    return f"<h2>Who never got in</h2><table>{head}{''.join(rows)}</table>"


def effort(summary: dict[str, Any]) -> str:
    """Notes, and what it took."""
    said = [*summary["notes"], *summary["messages"], *(f"failed: {text}" for text in summary["failed_runs"])]
    spent = summary["spent"]
    spent_text = (
        f"<h2>Effort</h2><p>{spent['sumo_runs']} runs of SUMO in {spent['wall_s']:.0f} s, {spent['from_cache']} "
        "results from the cache.</p>"
    )
    notes = "".join(f"<li>{escape(text)}" for text in said)
    return (f"<h2>Notes</h2><ul>{notes}</ul>" if notes else "") + spent_text
