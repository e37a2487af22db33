"""Site files: what is shipped is right, and what is wrong is told with file, line, key and cure."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.configs.loader import list_sites, load_site, site_json_schema, site_path
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.site import Site, site_hash
from tests.support.crossroads import crossroads

GOOD = """\
schema: nutgiao/site/1
id: x1
name: {vi: Ngã tư thử, en: Test crossroads}
approaches:
  - id: M
    origin_m: [0.0, 0.0]
    heading_deg: 0
    signal_group: m
    lanes:
      - {id: m0, width_m: 3.2, turns: [through, right]}
      - {id: m1, width_m: 3.2, turns: [through, left]}
  - id: S
    origin_m: [8.0, 8.0]
    heading_deg: 90
    signal_group: s
    lanes:
      - {id: s0, width_m: 3.2, turns: [through]}
signals:
  groups:
    - {id: m}
    - {id: s}
    - {id: pm, pedestrian: true, amber_s: 0}
  stages:
    - {id: main, groups: [m, pm]}
    - {id: side, groups: [s]}
  intergreens:
    - {from_group: m, to_group: s, seconds: 5}
    - {from_group: s, to_group: m, seconds: 5}
    - {from_group: s, to_group: pm, seconds: 5}
    - {from_group: pm, to_group: s, seconds: 10}
  limits: {cycle_min_s: 40, cycle_max_s: 150}
  time_of_day:
    - {id: night, start: "00:00", offset_s: 0, green_s: [25, 25]}
    - {id: day, start: "06:00", offset_s: 10, green_s: [45, 35]}
cameras:
  - id: c1
    source: "virtual:"
    width_px: 1280
    height_px: 720
    approaches: [M]
    ground_pairs:
      - [320, 600, -4.0, 2.0]
      - [960, 600, 4.0, 2.0]
      - [480, 300, -4.0, 30.0]
      - [800, 300, 4.0, 30.0]
"""


@pytest.fixture
def site_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes the good site with texts replaced."""

    def write(*changes: tuple[str, str]) -> Path:
        text = GOOD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "x1.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refused(path: Path | str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    return caught.value


def test_a_good_file_is_a_site(site_file: Callable[..., Path]) -> None:
    site = load_site(site_file())
    assert (site.id, len(site.approaches), site.approaches[0].width_m) == ("x1", 2, 6.4)
    assert site.name.vi == "Ngã tư thử"


@pytest.mark.parametrize("name", list_sites())
def test_every_shipped_site_is_right(name: str) -> None:
    assert load_site(name).schema == "nutgiao/site/1"


def test_some_sites_are_shipped() -> None:
    assert "giangvo" in list_sites()


def test_a_site_survives_the_way_to_a_file_and_back(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(msgspec.json.encode(crossroads()))  # JSON is YAML
    assert load_site(path) == crossroads()
    assert site_hash(load_site(path)) == site_hash(crossroads())


# --- the file itself ------------------------------------------------------------------------------------------------

FILES: dict[str, tuple[bytes, int | None, str]] = {
    "empty": (b"", None, "empty"),
    "only spaces": (b"  \n\n", None, "empty"),
    "only a comment": (b"# nothing\n", 1, "no keys"),
    "prose": (b"Hello, this is a letter.\n", 1, "no keys"),
    "a list": (b"- 1\n- 2\n", 1, "no keys"),
    "no YAML": (b"id: [1, 2\nname: x\n", 2, "not YAML"),
    "a tab": (b"id: x\nname:\n\tvi: y\n", 3, "tab"),
    "a key twice": (b"id: x\nname: {vi: a, en: b}\nid: y\n", 3, "twice"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", 1, "no UTF-8"),
    "binary zeros": (b"id: x\0\0\0\n", None, "binary"),
    "an alias of itself": (b"id: &a [*a]\n", 1, "repeats itself"),
    "a bomb of aliases": (
        b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + b"".join(
            f"{c}: &{c} [{','.join([f'*{p}'] * 10)}]\n".encode() for p, c in zip("abcdefg", "bcdefgh", strict=True)
        ),
        None,
        "repeats itself",
    ),
    "brackets without end": (b"id: " + b"[" * 5000, None, "too deep"),
    "a block for a key": (b"{a: 1}: 2\n", None, "not a plain word"),
    "a tag of some programme": (b"id: !!python/name:os.system x\n", 1, "not YAML"),
    "too large": (b"#" * 1_000_001, None, "1000001 bytes"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_site_files(tmp_path: Path, name: str) -> None:
    body, line, problem = FILES[name]
    path = tmp_path / "site.yaml"
    path.write_bytes(body)
    error = refused(path)
    assert problem in error.problem
    assert error.path == str(path)
    if line is not None:
        assert error.line == line


@given(st.binary(max_size=200))
def test_no_file_whatever_brings_the_loader_down(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(body)
    refused(path)


@given(st.data())
def test_no_damage_to_a_good_file_brings_the_loader_down(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.sampled_from(["", lines[at][2:], lines[at] + ":", lines[at] * 2, "  - " + lines[at], "x: 1"])
    )
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with contextlib.suppress(ConfigError):
        load_site(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    assert "no such file" in str(refused(tmp_path / "nowhere.yaml"))
    assert "a folder" in str(refused(tmp_path))


def test_a_mistyped_name_gets_a_suggestion() -> None:
    assert "Did you mean 'giangvo'?" in str(refused("giangv"))


def test_a_file_without_suffix_in_this_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(site_path("giangvo"), tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert load_site("mine").id == load_site("giangvo").id


# --- keys and values ------------------------------------------------------------------------------------------------

# change → line, key, part of the problem, part of the cure
VALUES: dict[str, tuple[tuple[str, str], int, str, str, str]] = {
    "wrong key": (
        ("width_m", "widht_m"),
        10,
        "approaches[0].lanes[0].widht_m",
        "no such key",
        "Did you mean 'width_m'?",
    ),
    "unknown key": (("id: x1", "id: x1\ncolour: red"), 3, "colour", "no such key", "Known: "),
    "missing key": (("    heading_deg: 90\n", ""), 12, "approaches[1]", "'heading_deg' is missing", "clockwise"),
    "text for a number": (("3.2", "wide"), 10, "approaches[0].lanes[0].width_m", "wide", "width of the lane"),
    "negative width": (("3.2", "-3.2"), 10, "approaches[0].lanes[0].width_m", "-3.2", "width of the lane"),
    "unknown turn": (("right", "rihgt"), 10, "approaches[0].lanes[0].turns[1]", "rihgt", "Did you mean 'right'?"),
    "empty list": (("[through]", "[]"), 17, "approaches[1].lanes[0].turns", "length", "movements"),
    "a value for a block": (
        ("name: {vi: Ngã tư thử, en: Test crossroads}", "name: x"),
        3,
        "name",
        "the text 'x'",
        "vi, en",
    ),
    "bad identifier": (("id: x1", "id: x/1"), 2, "id", "matching", "node id"),
    "other version": (("site/1", "site/2"), 1, "schema", "matching", "version"),
    "time of day": (('"06:00"', '"6 o\'clock"'), 34, "signals.time_of_day[1].start", "6 o'clock", "HH:MM"),
    "three of four": (("[320, 600, -4.0, 2.0]", "[320, 600, -4.0]"), 42, "cameras[0].ground_pairs[0]", "length", ""),
    "empty value": (("heading_deg: 90", "heading_deg:"), 14, "approaches[1].heading_deg", "empty", "clockwise"),
    "beyond the circle": (("heading_deg: 90", "heading_deg: 360"), 14, "approaches[1].heading_deg", "360", "clockwise"),
}


@pytest.mark.parametrize("name", VALUES)
def test_wrong_keys_and_values_are_told_with_line_key_and_cure(site_file: Callable[..., Path], name: str) -> None:
    change, line, key, problem, cure = VALUES[name]
    error = refused(site_file(change))
    assert (error.line, error.key) == (line, key)
    assert problem in error.problem
    assert cure in error.cure
    assert f"x1.yaml:{line} at '{key}'" in str(error)


def test_several_errors_are_told_at_once_in_the_order_of_the_file(site_file: Callable[..., Path]) -> None:
    error = refused(site_file(("width_m", "widht_m"), ("heading_deg: 90", "heading_deg: 400"), ("width_px", "widthpx")))
    notes = error.__notes__
    assert error.key == "approaches[0].lanes[0].widht_m"
    assert len(notes) == 2
    assert "approaches[1].heading_deg" in notes[0]
    assert "Did you mean 'width_px'?" in notes[1]


# --- what only the whole tells --------------------------------------------------------------------------------------

# changes → line, key, part of the problem
WHOLE: dict[str, tuple[list[tuple[str, str]], int, str, str]] = {
    "unknown group": ([("signal_group: s", "signal_group: side")], 15, "approaches[1].signal_group", "no signal group"),
    "approach obeys a crossing": (
        [("signal_group: s", "signal_group: pm")],
        15,
        "approaches[1].signal_group",
        "crossing",
    ),
    "approach twice": ([("id: S", "id: M")], 12, "approaches[1].id", "there already"),
    "lane twice": ([("id: s0", "id: m0")], 10, "approaches[0].lanes[0].id", "2 times"),
    "group twice": ([("- {id: s}", "- {id: m}")], 21, "signals.groups[1].id", "there already"),
    "stage of unknown group": (
        [("groups: [s]", "groups: [s, q]")],
        25,
        "signals.stages[1].groups[1]",
        "no signal group 'q'",
    ),
    "group in no stage": ([("[m, pm]", "[m]")], 22, "signals.groups[2].id", "no stage"),
    "conflict in a stage": ([("groups: [s]", "groups: [s, m]")], 25, "signals.stages[1].groups[1]", "green together"),
    "one order missing": (
        [("    - {from_group: s, to_group: m, seconds: 5}\n", "")],
        27,
        "signals.intergreens[0]",
        "s → m",
    ),
    "pair twice": ([("s, to_group: pm", "s, to_group: m")], 28, "signals.intergreens[1]", "2 times"),
    "against itself": (
        [("from_group: m, to_group: s", "from_group: m, to_group: m")],
        27,
        "signals.intergreens[0]",
        "itself",
    ),
    "less than amber": (
        [("to_group: s, seconds: 5", "to_group: s, seconds: 2")],
        27,
        "signals.intergreens[0].seconds",
        "amber",
    ),
    "amber too short": ([("{id: s}", "{id: s, amber_s: 2}")], 21, "signals.groups[1].amber_s", "too short"),
    "amber of a crossing": ([(", amber_s: 0", "")], 22, "signals.groups[2].amber_s", "no amber"),
    "minimum above maximum": (
        [("{id: s}", "{id: s, min_green_s: 50, max_green_s: 40}")],
        21,
        "signals.groups[1].min_green_s",
        "above",
    ),
    "limits crossed": ([("cycle_min_s: 40", "cycle_min_s: 160")], 31, "signals.limits", "above"),
    "greens and stages": ([("[45, 35]", "[45, 35, 9]")], 34, "signals.time_of_day[1].green_s", "3 greens for 2 stages"),
    "unsafe plan": ([("[45, 35]", "[45, 5]")], 34, "signals.time_of_day[1].green_s", "min_green"),
    "cycle too long": ([("[45, 35]", "[90, 60]")], 34, "signals.time_of_day[1].green_s", "cycle 160 s"),
    "offset beyond the cycle": (
        [("offset_s: 10", "offset_s: 90")],
        34,
        "signals.time_of_day[1].offset_s",
        "in a cycle of 90 s",
    ),
    "same start": ([('"06:00"', '"00:00"')], 34, "signals.time_of_day[1].start", "there already"),
    "camera of nothing": ([("approaches: [M]", "approaches: [N]")], 40, "cameras[0].approaches[0]", "no approach 'N'"),
    "view backwards": ([('"virtual:"', '"virtual:"\n    view_m: [50, -5]')], 38, "cameras[0].view_m", "not nearer"),
    "tile outside": (
        [('"virtual:"', '"virtual:"\n    tile_boxes_px: [[0, 0, 640, 360], [640, 0, 1281, 360]]')],
        38,
        "cameras[0].tile_boxes_px[1]",
        "no part of the 1280×720 picture",
    ),
    "pixel outside": ([("[960, 600", "[1960, 600")], 43, "cameras[0].ground_pairs[1]", "outside the 1280×720 picture"),
    "points on a line": (
        [("[480, 300, -4.0, 30.0]", "[320, 300, 0.0, 2.0]"), ("[800, 300, 4.0, 30.0]", "[700, 600, 2.0, 2.0]")],
        41,
        "cameras[0].ground_pairs",
        "line",
    ),
    "the same point": ([("[480, 300, -4.0, 30.0]", "[320, 600, -4.0, 2.0]")], 41, "cameras[0].ground_pairs", "line"),
    "swapped metres": (
        [("[480, 300, -4.0, 30.0]", "[480, 300, 4.0, 30.0]"), ("[800, 300, 4.0, 30.0]", "[800, 300, -4.0, 30.0]")],
        41,
        "cameras[0].ground_pairs",
        "horizon",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_does_not_fit_together_is_told(site_file: Callable[..., Path], name: str) -> None:
    changes, line, key, problem = WHOLE[name]
    error = refused(site_file(*changes))
    told = {(error.line, error.key): str(error)}
    for note in getattr(error, "__notes__", ()):
        place, _, rest = note.partition(" at '")
        told[int(place.rpartition(":")[2]), rest.partition("'")[0]] = note
    assert (line, key) in told
    assert problem in told[line, key]


def test_a_mistyped_pair_among_good_ones_is_named(site_file: Callable[..., Path]) -> None:
    more = "      - [400, 450, -4.0, 9.2]\n      - [880, 450, 4.0, 9.2]\n      - [640, 450, 0.0, 9.2]\n"
    more += "      - [640, 600, 0.0, 2.0]\n      - [640, 300, 0.0, 30.0]\n"
    last = "      - [800, 300, 4.0, 30.0]\n"
    load_site(site_file((last, last + more)))
    error = refused(site_file((last, last + more.replace("[640, 600, 0.0", "[240, 600, 0.0"))))
    assert error.key == "cameras[0].ground_pairs[7]"
    assert "away from where the others put it" in error.problem


def test_cameras_alone_make_a_site(site_file: Callable[..., Path]) -> None:
    start, end = GOOD.index("signals:\n"), GOOD.index("cameras:\n")
    assert load_site(site_file((GOOD[start:end], ""))).signals is None


def test_who_may_ask_for_priority_is_named_with_a_key_and_approaches_that_there_are(
    site_file: Callable[..., Path],
) -> None:
    entry = "priority:\n  - {id: bus-1, key: KEY, vehicles: [bus], approaches: [M]}\n"
    entry += "  - {id: help, vehicles: [emergency]}\n"
    good = entry.replace("KEY", "ab" * 32)
    last = "      - [800, 300, 4.0, 30.0]\n"
    assert [one.id for one in load_site(site_file((last, last + good))).priority] == ["bus-1", "help"]
    for old, new, key in (
        ("[M]", "[N]", "priority[0].approaches[0]"), ("id: help", "id: bus-1", "priority[1].id"),
        ("ab" * 32, "ab", "priority[0].key"), ("[bus]", "[buss]", "priority[0].vehicles[0]"),
    ):  # fmt: skip
        assert refused(site_file((last, last + good.replace(old, new)))).key == key


def test_the_schema_for_editors_knows_every_key_and_tells_what_it_means() -> None:
    schema = site_json_schema()
    parts = schema["$defs"]
    assert set(Site.__struct_fields__) == set(parts["Site"]["properties"])
    assert not parts["Lane"]["additionalProperties"]
    assert parts["Lane"]["properties"]["width_m"]["description"] == "width of the lane"
