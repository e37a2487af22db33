"""SUMO's tlLogic is read and written back as the same XML, and SUMO runs the same lamps from what was written."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.resco import NAMES
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.program import Element, LampProgram, LampStep, rings_of
from nutgiao.simulation.tls_logic import programs_in_force, read_tls_logic, tls_logic, write_tls_logic
from nutgiao.simulation.xml_elements import elements
from tests.support import nema_nets
from tests.support.junction_nets import junction, scenario, vehicle, write
from tests.support.resco_nets import shipped, shown

RESCO_PROGRAMS = 73


def same(one: ET.Element, other: ET.Element) -> bool:
    """Whether two elements say the same: attributes in any order, numbers as numbers, children in their order."""
    if one.tag != other.tag or one.attrib.keys() != other.attrib.keys() or len(one) != len(other):
        return False
    alike = all(worth(value) == worth(other.attrib[key]) for key, value in one.attrib.items())
    return alike and all(same(a, b) for a, b in zip(one, other, strict=True))


def worth(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def logics(path: Path) -> Iterator[ET.Element]:
    return (element for element in elements(path) if element.tag == "tlLogic")


def test_every_program_of_the_resco_networks_comes_back_as_it_was(tmp_path: Path) -> None:
    count = 0
    for name in NAMES:
        net = shipped(name).net
        back = write_tls_logic(tmp_path / f"{name}.add.xml", read_tls_logic(net))
        for before, after in zip(logics(net), logics(back), strict=True):
            assert same(before, after), f"{name}: {ET.tostring(before)!r} became {ET.tostring(after)!r}"
            count += 1
    assert count == RESCO_PROGRAMS, f"{count} programs of eight networks were compared"


FULL = """
<tlLogic id="a" programID="day" type="actuated" offset="12.50" nodes="a b">
  <!-- a remark -->
  <param key="max-gap" value="2.0"/>
  <phase duration="30.00" minDur="5" maxDur="50" name="main" next="1 2" state="GGrr"/>
  <condition id="C0" value="z:D0 &gt; 0"/>
  <phase duration="3" earliestEnd="10" latestEnd="-1" vehext="2" yellow="3" red="2.5" state="yyrr" colour="grey"/>
  <param key="show-detectors"/>
  <phase duration="20" earlyTarget="a or b" finalTarget="1" state="rrGG"><note by="me"><deep/></note></phase>
  <function id="f" nArgs="1"><assignment id="x" check="1" value="$0"/></function>
</tlLogic>"""


def test_what_has_no_field_is_kept_and_children_keep_their_order(tmp_path: Path) -> None:
    path = write(tmp_path / "full.add.xml", FULL, root="additional")
    (program,) = read_tls_logic(path)
    assert same(ET.fromstring(FULL), tls_logic(program))
    assert program.order == ("parameter", "step", "rule", "step", "parameter", "step", "rule")
    assert (program.steps[0].next, program.steps[1].all_red_s, program.steps[1].more) == (
        (1, 2),
        2.5,
        {"colour": "grey"},
    )


def test_several_programs_of_a_light_stay_apart_and_the_last_is_in_force(tmp_path: Path) -> None:
    street = scenario(junction(tmp_path), vehicle("v", 0))
    (first,) = read_tls_logic(street.net)
    night = msgspec.structs.replace(first, id="night", offset_s=7.0)
    off = msgspec.structs.replace(first, id="off", steps=(), kind=None)
    more = write_tls_logic(tmp_path / "more.add.xml", [night, off])
    assert read_tls_logic(more) == [night, off]
    assert programs_in_force(street) == {"A0": first}
    assert programs_in_force(replace(street, additional=(more,))) == {"A0": night}


def test_a_packed_file_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "full.add.xml.gz"
    path.write_bytes(gzip.compress(f"<additional>{FULL}</additional>".encode()))
    programs = read_tls_logic(path)
    again = write_tls_logic(tmp_path / "again.xml.gz", programs)
    assert again.read_bytes()[:2] == b"\x1f\x8b"
    assert read_tls_logic(again) == programs


def test_an_offset_may_be_the_begin_and_times_may_be_clocks(tmp_path: Path) -> None:
    told = '<tlLogic id="a" programID="0" offset="begin"><phase duration="0:01:30" state="G"/></tlLogic>'
    (program,) = read_tls_logic(write(tmp_path / "a.add.xml", told, root="additional"))
    assert (program.offset_s, program.kind, program.steps[0].duration_s) == ("begin", None, 90.0)
    assert tls_logic(program).get("offset") == "begin"


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ('<param key="k" value="1"/><param key="k" value="2"/>', "one <param"),
        ('<param value="2"/>', "one <param"),
        ("text", "text stands inside <tlLogic>"),
        ('<phase duration="5"/>', "phase 0': has no state"),
        ('<phase duration="soon" state="G"/>', "duration is 'soon'"),
        ('<phase duration="nan" state="G"/>', "duration is 'nan'"),
        ('<phase duration="5" state="G" next="first"/>', "next is 'first'"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_file_light_and_cure(tmp_path: Path, inside: str, problem: str) -> None:
    path = write(tmp_path / "a.add.xml", f'<tlLogic id="J7" programID="0">{inside}</tlLogic>', root="additional")
    with pytest.raises(ConfigError, match=problem) as refused:
        read_tls_logic(path)
    assert str(path) in str(refused.value)
    assert "tlLogic J7" in str(refused.value)


def test_a_program_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no programID"):
        read_tls_logic(write(tmp_path / "a.add.xml", '<tlLogic id="a"/>', root="additional"))


# --- every program, by chance ---------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=8)
TIMES = st.none() | st.floats(0, 1e6).map(lambda seconds: round(seconds, 3))
MORE = st.dictionaries(st.sampled_from(["colour", "visible", "key2"]), WORDS, max_size=2)
RULES = st.builds(
    Element,
    tag=st.sampled_from(["condition", "assignment", "function", "novelty"]),
    attributes=MORE,
    inside=st.lists(st.builds(Element, tag=st.just("assignment"), attributes=MORE), max_size=2).map(tuple),
)
STEPS = st.builds(
    LampStep,
    state=st.text("GgyrsuoO", min_size=1, max_size=6),
    duration_s=TIMES,
    least_s=TIMES,
    most_s=TIMES,
    earliest_end_s=TIMES,
    latest_end_s=TIMES,
    extension_s=TIMES,
    amber_s=TIMES,
    all_red_s=TIMES,
    early_target=st.none() | WORDS,
    final_target=st.none() | WORDS,
    name=st.none() | WORDS,
    next=st.none() | st.lists(st.integers(0, 9), max_size=3).map(tuple),
    more=MORE,
    inside=st.lists(RULES, max_size=1).map(tuple),
)


@st.composite
def programs(draw: st.DrawFn) -> LampProgram:
    """A program with anything in it."""
    parameters = draw(st.dictionaries(WORDS, st.none() | WORDS, max_size=3))
    steps, rules = draw(st.lists(STEPS, max_size=3)), draw(st.lists(RULES, max_size=2))
    usual = ["parameter"] * len(parameters) + ["step"] * len(steps) + ["rule"] * len(rules)
    order = draw(st.permutations(usual))
    return LampProgram(
        light=draw(WORDS),
        id=draw(WORDS),
        kind=draw(st.none() | st.sampled_from(["static", "actuated", "delay_based", "NEMA", "rail"])),
        offset_s=draw(st.just("begin") | TIMES),
        parameters=parameters,
        steps=tuple(steps),
        rules=tuple(rules),
        order=() if order == usual else tuple(order),  # type: ignore[arg-type]
        more=draw(MORE),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


@given(st.lists(programs(), max_size=3))
def test_any_program_that_was_written_is_the_program_that_is_read(folder: Path, some: list[LampProgram]) -> None:
    assert read_tls_logic(write_tls_logic(folder / "any.add.xml", some)) == some


def test_an_order_that_does_not_fit_its_children_is_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        tls_logic(LampProgram(light="a", id="0", steps=(LampStep(state="G"),), order=("rule",)))


# --- SUMO runs what was written -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cologne3", "ingolstadt7", "arterial4x4"])
def test_sumo_shows_the_same_lamps_from_the_written_file(name: str, tmp_path: Path) -> None:
    net = shipped(name).net
    programs = [msgspec.structs.replace(one, offset_s=17.0) for one in read_tls_logic(net)]
    lights = [one.light for one in programs]
    plain = shown(net, lights, tmp_path, seconds=200)
    own = [msgspec.structs.replace(one, id="own") for one in read_tls_logic(net)]
    assert shown(net, lights, tmp_path, [write_tls_logic(tmp_path / "own.add.xml", own)], seconds=200) == plain
    later = [msgspec.structs.replace(one, id="later") for one in programs]
    assert shown(net, lights, tmp_path, [write_tls_logic(tmp_path / "later.add.xml", later)], seconds=200) != plain


def test_sumo_runs_a_nema_program_and_the_same_one_after_the_round_trip(tmp_path: Path) -> None:
    net = nema_nets.crossroads(tmp_path)
    first = write_tls_logic(tmp_path / "first.add.xml", [nema_nets.program(net)])
    again = write_tls_logic(tmp_path / "again.add.xml", read_tls_logic(first))
    assert all(same(a, b) for a, b in zip(logics(first), logics(again), strict=True))
    before = shown(net, ["C"], tmp_path, [first], seconds=300)
    assert shown(net, ["C"], tmp_path, [again], seconds=300) == before
    greens = {line.split()[2] for line in before if "y" not in line and "G" in line}
    assert (
        len(greens) >= 6
    )  # the rings run side by side: left with left, left with straight on, straight on with its like


def test_rings_and_barriers_of_a_nema_program_are_numbers(tmp_path: Path) -> None:
    rings = rings_of(nema_nets.program(nema_nets.crossroads(tmp_path)))
    assert rings.rings == ((1, 2, 3, 4), (5, 6, 7, 8))
    assert (rings.barrier, rings.coordinated, rings.cycle_s, rings.is_coordinated) == ((4, 8), (2, 6), 100.0, True)
    assert rings.sides() == (((1, 2), (5, 6)), ((3, 4), (7, 8)))
