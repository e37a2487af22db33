"""The page of a controlled scenario: verdict, figures, who loses, queues, what the lights showed, how long it took."""

from __future__ import annotations

from html import escape
from typing import Any

from nutgiao.cli.arguments import clock
from nutgiao.cli.charts import AFTER, queue_section, window_s
from nutgiao.cli.control_priority import priority_section
from nutgiao.cli.control_run import Controlled
from nutgiao.cli.control_summary import CONTROLLED, SHIPPED
from nutgiao.cli.optimize_report import STYLE
from nutgiao.cli.whatif_report import effort, figures_section, losers_section, never_in_section

_COLOURS = ("#1565c0", "#2e9e4f", "#e8a317", "#8e44ad", "#00838f", "#c0392b", "#6d4c41", "#558b2f")
_CHANGE = "#e5e7eb"
_LEFT, _WIDTH, _ROW = 150, 700, 18
_SHOWN_S, _TICK_S = 300, 60
_MOST_LIGHTS = 12


def page(found: Controlled, summary: dict[str, Any]) -> str:
    """The page, with everything in it.

    Args:
        found: the runs, for the pictures.
        summary: as in ``summary.json``.
    """
    name = escape(str(summary["scenario"]))
    more = summary["more_delay_s"]
    better = summary["significant"] and more is not None and more["mean"] < 0
    asked = (
        f"{summary['controller']}, {summary['detection']} detection, {summary['amber_s']} s amber, "
        f"{summary['all_red_s']} s all-red, green at least {summary['min_green_s']} s, "
        f"{summary['more_stages']} stages a light beside the shipped ones, mode {summary['mode']}"
    )
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}: control</title><style>{STYLE}</style>",
        f"<h1>{name}: lights set second by second</h1><p>{escape(asked)}</p>",
        f"<p class='verdict{' yes' if better else ''}'>{escape(summary['verdict'])}</p>",
        figures_section(summary, (SHIPPED, CONTROLLED)),
        _classes(summary["classes"]),
        priority_section(summary["priority"]) if summary["priority"] is not None else "",
        losers_section(summary["losers"], (SHIPPED, CONTROLLED)),
        never_in_section(summary, (SHIPPED, CONTROLLED)),
        _queues(found),
        _stages(found, summary),
        _decisions(summary["decisions"]),
        effort(summary),
    ]
    return "\n".join([*(part for part in parts if part), "</html>"])


def _classes(rows: list[dict[str, Any]]) -> str:
    body = "".join(
        f"<tr><td>{escape(one['class'])}<td>{one['vehicles']:.0f}<td>{one['persons']:.0f}"
        f"<td>{one[f'{SHIPPED}_s']:.1f}<td>{one[f'{CONTROLLED}_s']:.1f}"
        for one in rows
    )
    head = f"<tr><th>class<th>vehicles<th>persons<th>{SHIPPED}, s a person<th>{CONTROLLED}"
    note = "<p><small>Persons by the usual occupancy of each class.</small></p>"
    return f"<h2>Delay by class</h2><table>{head}{body}</table>{note}" if rows else ""


def _queues(found: Controlled) -> str:
    if not found.pairs:
        return ""
    before, after = ([pair[side] for pair in found.pairs] for side in (0, 1))
    begin_s = found.task.setup.scenario.begin_s
    return queue_section(before, after, found.task.approaches, begin_s, (SHIPPED, CONTROLLED))


def _stages(found: Controlled, summary: dict[str, Any]) -> str:
    drive = next((one for one in found.drives.values() if one.shown), None)
    if drive is None:
        return ""
    begin_s = found.task.setup.scenario.begin_s
    first = round(window_s([drive.trial], begin_s) - begin_s)
    lights = summary["lights"][:_MOST_LIGHTS]
    height = _ROW * (len(lights) + 1) + 4
    scale = _WIDTH / _SHOWN_S
    parts = [
        f"<text x='{_LEFT + second * scale:.0f}' y='12' font-size='11' text-anchor='middle'>"
        f"{clock(begin_s + first + second)}</text>"
        for second in range(0, _SHOWN_S + 1, _TICK_S)
    ]
    for number, light in enumerate(lights):
        top = _ROW * (number + 1)
        parts.append(f"<text x='0' y='{top + 13}' font-size='11'>{escape(light['id'][:24])}</text>")
        parts += _strip(list(drive.shown[light["id"]][first : first + _SHOWN_S]), light["stages"], top, scale)
    rest = len(summary["lights"]) - len(lights)
    more = f" {rest} more lights are in summary.json." if rest > 0 else ""
    switches = [one["switches_per_h"] for one in summary["lights"] if one["switches_per_h"] is not None]
    ends = sorted({f"{min(switches):.0f}", f"{max(switches):.0f}"}, key=float) if switches else []
    told = f"{' to '.join(ends)} changes an hour and light." if ends else ""
    title = "Stages that the lights showed"
    return (
        f"<h2>{title}</h2><p><small>From the begin of the ten minutes in which most vehicles halt, seed "
        f"{drive.trial.seed}; a colour a stage, grey: the change between two. {told}{more}</small></p>"
        f"<svg role=img aria-label='{title}' width={_LEFT + _WIDTH + 30} height={height} "
        f"viewBox='0 0 {_LEFT + _WIDTH + 30} {height}'>{''.join(parts)}</svg>"
    )


def _strip(shown: list[int], states: list[str], top: int, scale: float) -> list[str]:
    found, start = [], 0
    for second in range(1, len(shown) + 1):
        if second < len(shown) and shown[second] == shown[start]:
            continue
        stage = shown[start]
        colour = _COLOURS[stage % len(_COLOURS)] if stage >= 0 else _CHANGE
        what = f"stage {stage + 1}, {states[stage]}" if stage >= 0 else "change"
        found.append(
            f"<rect x='{_LEFT + start * scale:.1f}' y='{top + 1}' width='{(second - start) * scale:.1f}' "
            f"height='{_ROW - 3}' fill='{colour}'><title>{escape(what)}: {second - start} s</title></rect>"
        )
        start = second
    return found


def _decisions(took: dict[str, Any] | None) -> str:
    if took is None:
        return ""
    edges = took["edges_ms"]
    counts = took["counts"][: 1 + max(k for k, count in enumerate(took["counts"]) if count)]
    most = max(*counts, 1)
    bars = []
    for k, count in enumerate(counts):
        y = 16 * k
        upto = f"to {edges[k + 1]:g}" if k + 1 < len(edges) else "and more"
        bars.append(
            f"<text x='0' y='{y + 12}' font-size='11'>{edges[k]:g} {upto} ms</text>"
            f"<rect x='110' y='{y + 2}' width='{500 * count / most:.1f}' height='12' fill='{AFTER}'/>"
            f"<text x='{116 + 500 * count / most:.0f}' y='{y + 12}' font-size='11'>{count:,}</text>"
        )
    height = 16 * len(counts)
    whole = (
        f"; for all {took['lights']} lights together 99 of 100 less than {took['all_p99_ms']:.1f} ms"
        if took["lights"] > 1
        else ""
    )
    return (
        f"<h2>How long a choice takes</h2><p>For a light {took['light_p50_ms']:.2f} ms of one core, 99 of 100 less "
        f"than {took['light_p99_ms']:.2f} ms{whole}; the longest {took['worst_ms']:.1f} ms. Below: choices "
        "by milliseconds a light, of all seeds.</p>"
        f"<svg role=img aria-label='Choices by duration' width=700 height={height} "
        f"viewBox='0 0 700 {height}'>{''.join(bars)}</svg>"
    )
