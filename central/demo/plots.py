"""The report's plots, as SVG text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

SHIPPED, NUTGIAO = "#8a6d3b", "#1769aa"
FIXED: Any = {"svg.hashsalt": "nutgiao", "svg.fonttype": "none", "font.size": 9}
"""The same figures give the same bytes."""


def over_time(series: Mapping[str, Any], warm_up_s: float) -> str:
    """Vehicles that stand in both arms, over time.

    Args:
        series: ``delay_over_time`` of the summary.
        warm_up_s: length of the part that is not measured.
    """
    with mpl.rc_context(FIXED):
        figure = Figure(figsize=(8, 2.8), layout="constrained")
        axes = figure.add_subplot()
        minutes = [time_s / 60 for time_s in series["time_s"]]
        axes.axvspan(0, warm_up_s / 60, color="#eef1f4", label="warm-up")
        axes.plot(minutes, series["shipped"], color=SHIPPED, label="shipped plan")
        axes.plot(minutes, series["nutgiao"], color=NUTGIAO, label="nutgiao")
        axes.set(xlabel="minutes", ylabel="vehicles that stand", xlim=(0, max(minutes, default=1)), ylim=(0, None))
        axes.legend(frameon=False, ncols=3)
        axes.spines[["top", "right"]].set_visible(False)
        return _svg(figure)


def by_group(summary: Mapping[str, Any]) -> str:
    """Mean delay by class and by origin in both arms, side by side."""
    with mpl.rc_context(FIXED):
        figure = Figure(figsize=(8, 2.8), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, rows, title in ((left, summary["by_class"], "by class"), (right, summary["by_origin"], "by origin")):
            places = range(len(rows))
            axes.bar(
                [p - 0.2 for p in places], [r["shipped_s"] for r in rows], 0.4, color=SHIPPED, label="shipped plan"
            )
            axes.bar([p + 0.2 for p in places], [r["nutgiao_s"] for r in rows], 0.4, color=NUTGIAO, label="nutgiao")
            axes.set_xticks(list(places), [row["key"] for row in rows], rotation=30, ha="right")
            axes.set_title(title, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
        left.set_ylabel("mean delay, s")
        left.legend(frameon=False)
        return _svg(figure)


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
