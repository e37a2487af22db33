"""Writes the demo's report: one HTML file that needs nothing beside it."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from nutgiao.central.demo.plots import by_group, over_time


@dataclass(frozen=True, slots=True)
class ShownBundle:
    """An evidence bundle as the report shows it."""

    name: str
    kind: str
    vehicle_class: str
    place: str
    occurred: str
    verdict: str
    numbers: dict[str, float]
    stills: list[dict[str, str]]


def write_report(path: Path, summary: Mapping[str, Any], facts: Mapping[str, Any], bundle: ShownBundle | None) -> None:
    """Writes the report.

    Args:
        path: file to write.
        summary: from `nutgiao.central.demo.summary.make_summary`.
        facts: ``period``, ``machine``, ``sumo`` and ``plan_every_min``, as text.
        bundle: one evidence bundle, None if there is none.
    """
    period = summary["period"]
    template = _environment().from_string(
        resources.files("nutgiao.central.demo").joinpath("report.html.j2").read_text(encoding="utf-8")
    )
    losers = [
        row["key"]
        for row in (*summary["by_class"], *summary["by_origin"])
        if row["difference_s"]["significant"] and row["difference_s"]["mean"] > 0
    ]
    plots = {
        "time": over_time(summary["delay_over_time"], period["measure_s"] - period["begin_s"]),
        "groups": by_group(summary),
    }
    page = template.render(summary=summary, facts=facts, bundle=bundle, losers=losers, plots=plots)
    path.write_text(page, encoding="utf-8")


def show_bundle(path: Path, verdict: str) -> ShownBundle:
    """Opens a bundle for the report.

    Args:
        path: the zip file.
        verdict: what its check said.
    """
    with zipfile.ZipFile(path) as bundle:
        manifest = msgspec.json.decode(bundle.read("manifest.json"))
        stills = [
            {
                "alt": f"{still['lamp']}, {still['time_s'] - manifest['occurred_s']:+.1f} s",
                "data": base64.b64encode(bundle.read(still["file"])).decode(),
            }
            for still in manifest["stills"]
        ]
    return ShownBundle(
        name=path.name,
        kind=manifest["kind"],
        vehicle_class=manifest["vehicle_class"],
        place=f"{manifest['site']}, {manifest['approach']}",
        occurred=manifest["occurred_local"],
        verdict=verdict,
        numbers=manifest["numbers"],
        stills=stills,
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["interval"] = interval_text
    environment.filters["share"] = lambda value: "–" if value is None else f"{100 * value:.0f} %"
    environment.filters["signed"] = lambda value: "–" if value is None else f"{value:+.1f}"
    return environment


def interval_text(value: Mapping[str, Any], unit: str, sign: bool = False) -> str:
    """A mean with its interval, such as ``41.2 s [38.0, 44.4]``."""
    form = "+.1f" if sign else ".1f"
    if abs(value["mean"]) >= 1000:
        form = form.replace(".1f", ".0f")
    text = f"{value['mean']:{form}} {unit}".rstrip()
    if value["low"] is None:
        return text
    return f"{text} [{value['low']:{form}}, {value['high']:{form}}]"
