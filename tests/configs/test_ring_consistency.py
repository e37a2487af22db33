"""Rings of a site: a right one is read from its file, and what is wrong with one is told by key, problem and cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from nutgiao.configs.consistency import inconsistencies
from nutgiao.configs.loader import load_site, site_json_schema
from nutgiao.models.contracts.site import Intergreen, Ring, Signals, Site, Stage
from tests.support.dual_ring import GREENS, dual_ring


def signals() -> Signals:
    side = dual_ring().signals
    assert side is not None
    return side


def changed(**fields: Any) -> Site:
    return msgspec.structs.replace(dual_ring(), signals=msgspec.structs.replace(signals(), **fields))


def rings(one: list[list[str]], two: list[list[str]], name: str = "two") -> Site:
    pairs = (("one", one), (name, two))
    return changed(rings=tuple(Ring(id=ring, sections=tuple(map(tuple, parts))) for ring, parts in pairs))


def test_a_dual_ring_is_a_site_that_its_file_carries(tmp_path: Path) -> None:
    assert [*inconsistencies(dual_ring())] == []
    path = tmp_path / "x8.yaml"
    path.write_bytes(msgspec.json.encode(dual_ring()))  # JSON is YAML
    assert load_site(path) == dual_ring()


ONE, TWO = [["s1", "s2"], ["s3", "s4"]], [["s5", "s6"], ["s7", "s8"]]
STAGES = {stage.id: stage for stage in signals().stages}

WRONG: dict[str, tuple[Site, str, str]] = {
    "unknown stage": (rings(ONE, [["s5", "s6"], ["s7", "s9"]]), "signals.rings.1.sections.1.1", "no stage 's9'"),
    "stage in no ring": (rings(ONE, [["s5", "s6"], ["s7"]]), "signals.stages.7.id", "in no ring"),
    "stage twice": (rings(ONE, [["s5", "s6"], ["s7", "s8", "s2"]]), "signals.rings.1.sections.1.2", "already"),
    "ring twice": (rings(ONE, TWO, "one"), "signals.rings.1.id", "there already"),
    "a section less": (rings(ONE, [["s5", "s6", "s7", "s8"]]), "signals.rings.1.sections", "1 sections"),
    "nothing first": (rings([[], *ONE], [["s5"], ["s6"], ["s7", "s8"]]), "signals.rings.0.sections.0", "empty"),
    "nothing at all": (rings([*ONE, []], [*TWO, []]), "signals.rings.0.sections.2", "empty in every ring"),
    "another order": (rings([["s2", "s1"], ["s3", "s4"]], TWO), "signals.stages", "another order"),
    "conflict side by side": (
        changed(
            intergreens=(
                *signals().intergreens,
                Intergreen(from_group="p2", to_group="p6", seconds=5),
                Intergreen(from_group="p6", to_group="p2", seconds=5),
            )
        ),
        "signals.rings.1.sections.0",
        "'p2' of ring 'one' and 'p6' conflict",
    ),
    "group in two rings": (
        changed(
            stages=tuple(
                Stage(id=stage.id, groups=(*stage.groups, "p2")) if stage.id == "s6" else stage
                for stage in signals().stages
            )
        ),
        "signals.rings.1.sections",
        "'p2' is green in ring 'one' and in ring 'two'",
    ),
    "rings that do not meet": (
        changed(
            time_of_day=(msgspec.structs.replace(signals().time_of_day[0], green_s=(*GREENS[:-1], GREENS[-1] - 2)),)
        ),
        "signals.time_of_day.0.green_s",
        "barrier",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_rings_is_told_with_its_cure(name: str) -> None:
    site, key, problem = WRONG[name]
    told = {".".join(map(str, found.key)): found for found in inconsistencies(site)}
    assert key in told
    assert problem in told[key].problem
    assert told[key].cure


def test_the_cure_for_rings_that_do_not_meet_names_stage_and_seconds() -> None:
    site, key, _ = WRONG["rings that do not meet"]
    (found,) = (found for found in inconsistencies(site) if ".".join(map(str, found.key)) == key)
    assert "2 s more to stage s8" in found.cure


def test_a_ring_may_rest_while_another_is_served() -> None:
    """A T-junction: the second ring has nothing to serve while the side road runs."""
    stages = tuple(STAGES[name] for name in ("s1", "s2", "s3", "s6"))
    names = {group for stage in stages for group in stage.groups}
    side = msgspec.structs.replace(
        signals(),
        groups=tuple(group for group in signals().groups if group.id in names),
        stages=stages,
        intergreens=tuple(p for p in signals().intergreens if {p.from_group, p.to_group} <= names),
        rings=(Ring(id="one", sections=(("s1", "s2"), ("s3",))), Ring(id="two", sections=(("s6",), ()))),
        time_of_day=(msgspec.structs.replace(signals().time_of_day[0], green_s=(12, 28, 20, 45)),),
    )
    approach = msgspec.structs.replace(dual_ring().approaches[0], left_signal_group=None)
    assert [*inconsistencies(msgspec.structs.replace(dual_ring(), approaches=(approach,), signals=side))] == []


def test_editors_are_told_what_rings_and_orders_are() -> None:
    parts = site_json_schema()["$defs"]
    assert "barrier" in parts["Ring"]["properties"]["sections"]["description"]
    assert "another order" in parts["Limits"]["properties"]["free_order"]["description"]
