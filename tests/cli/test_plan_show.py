"""`nutgiao plan show`: bars of every signal group as SVG or text, and YAML that reads back as the same plan."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.cli.main import main
from nutgiao.cli.plan_file import plan_yaml, read_plan
from nutgiao.cli.plan_svg import BARS_PX, plan_svg, spans
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED, expand_cycle
from nutgiao.models.contracts.words import ControlMode
from tests.support import strategies
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.signal_cases import plan_of

SVG = "{http://www.w3.org/2000/svg}"
SITE = crossroads()
assert SITE.signals is not None
SIGNALS = SITE.signals


@pytest.fixture
def site(tmp_path: Path) -> str:
    path = tmp_path / "x1.yaml"
    path.write_bytes(msgspec.json.encode(SITE))
    return str(path)


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


# --- YAML that reads back -------------------------------------------------------------------------------------------

PLANS = st.builds(
    SignalPlan,
    id=st.text(max_size=20),
    node=st.text(max_size=20),
    site_hash=st.one_of(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), st.from_regex(r"\d{5}e\d{2}", fullmatch=True)),
    revision=st.integers(0, 2**63 - 1),
    cycle_s=st.integers(-10, 600),
    offset_s=st.integers(-10, 600),
    green_s=st.lists(st.integers(-5, 600), max_size=6).map(tuple),
    valid_from_s=st.one_of(st.integers(0, 2**40), st.floats(0, 4e9), st.floats(allow_nan=False)),
    expires_s=st.one_of(st.integers(0, 2**40), st.floats(0, 4e9)),
    order=st.permutations(range(4)).map(tuple) | st.just(()),
    mode=st.sampled_from(ControlMode),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@given(PLANS)
def test_a_plan_that_was_written_is_the_plan_that_is_read(folder: Path, plan: SignalPlan) -> None:
    path = folder / "p.yaml"
    path.write_text(plan_yaml(plan, ("main", "side")), encoding="utf-8")
    assert read_plan(path, SITE, SIGNALS, now_s=0.0) == plan


@pytest.mark.parametrize(
    "word", ["yes", "no", "null", "~", "012", "1e5", "12e45678", "2026-11-24", "- a", "# a", "", "é\n\t:"]
)
def test_words_that_yaml_might_take_for_something_else_stay_words(tmp_path: Path, word: str) -> None:
    plan = msgspec.structs.replace(plan_for(SITE), id=word, site_hash=word)
    path = file(tmp_path, plan_yaml(plan))
    assert read_plan(Path(path), SITE, SIGNALS, now_s=0.0) == plan


def test_what_show_writes_check_accepts(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "whole.yaml")
    assert (
        main(["plan", "show", file(tmp_path, "{offset_s: 12, green_s: [45, 35]}"), "--site", site, "--out", out]) == 0
    )
    assert main(["plan", "check", out, "--site", site]) == 0
    assert capsys.readouterr().out.endswith("it may run\n")


def test_the_yaml_can_be_read_by_a_person() -> None:
    told = plan_yaml(plan_for(SITE, (40, 40), offset_s=10), ("main", "side"))
    assert told.splitlines() == [
        "# A signal plan of nutgiao. All times are seconds.",
        "id: c1",
        "node: x1",
        f"site_hash: {plan_for(SITE).site_hash}",
        "revision: 1",
        "cycle_s: 90 # greens and interstages together",
        "offset_s: 10 # the first stage's green starts when the master clock modulo the cycle is this",
        "green_s: [40, 40] # main, side",
        f"valid_from_s: {NOON_S} # 2026-11-24 05:00:00 UTC",
        f"expires_s: {NOON_S + 900.0} # 2026-11-24 05:15:00 UTC",
    ]


# --- SVG ------------------------------------------------------------------------------------------------------------


def bars(svg: str) -> dict[str, list[tuple[str, float, float]]]:
    """Group → (what its tooltip says, x, width) of each bar."""
    found: dict[str, list[tuple[str, float, float]]] = {}
    for box in ET.fromstring(svg).iter(f"{SVG}rect"):
        title = box.find(f"{SVG}title")
        if title is not None and title.text:
            group, told = title.text.split(": ")
            found.setdefault(group, []).append((told, float(box.attrib["x"]), float(box.attrib["width"])))
    return found


def test_each_group_has_its_bars() -> None:
    found = bars(plan_svg(SIGNALS, plan_for(SITE, (40, 40))))
    assert {group: [told for told, _, _ in row] for group, row in found.items()} == {
        "m": ["green 0 to 40 s", "amber 40 to 43 s", "red 43 to 90 s"],
        "s": ["red 0 to 45 s", "green 45 to 85 s", "amber 85 to 88 s", "red 88 to 90 s"],
        "pm": ["walk 0 to 35 s", "red 35 to 90 s"],
        "ps": ["red 0 to 45 s", "walk 45 to 78 s", "red 78 to 90 s"],
    }


@given(st.data())
def test_bars_fill_the_cycle_without_gap_and_say_what_the_lamps_show(data: st.DataObject) -> None:
    side = data.draw(strategies.signals())
    greens = data.draw(strategies.greens(side))
    lamps = expand_cycle(side, greens)
    found = bars(plan_svg(side, plan_of(side, greens, 0)))
    for column, group in enumerate(side.groups):
        codes = {"green": GREEN, "walk": GREEN, "amber": AMBER, "red": RED}
        told = [np.full(end - start, codes[what]) for what, start, end in spans(group, lamps[:, column])]
        assert np.concatenate(told).tolist() == lamps[:, column].tolist()
        assert sum(width for _, _, width in found[group.id]) == pytest.approx(BARS_PX, abs=1.0)


def test_the_drawing_is_a_file_of_its_own(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.svg"
    assert main(["plan", "show", "day", "--site", site, "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: plan day for x1: cycle 90 s")
    root = ET.parse(out).getroot()
    assert root.tag == f"{SVG}svg"
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"m", "s", "pm", "ps", "main 45 s", "side 35 s", "90"} <= words
    assert not {"script", "image", "use", "foreignObject"} & {node.tag.removeprefix(SVG) for node in root.iter()}


def test_stages_are_drawn_in_the_plans_own_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    j2 = load_site("demo-j2")
    assert j2.signals is not None
    limits = msgspec.structs.replace(j2.signals.limits, free_order=True)
    path = tmp_path / "j2.yaml"
    free = msgspec.structs.replace(j2, signals=msgspec.structs.replace(j2.signals, limits=limits))
    path.write_bytes(msgspec.json.encode(free))
    plan = file(tmp_path, "{offset_s: 0, green_s: [39, 10, 28], order: [0, 2, 1]}")
    assert main(["plan", "show", plan, "--site", str(path)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("greens [39, 10, 28] s, order [0, 2, 1]")
    starts = {line.split()[0]: int(line.split()[2]) for line in told[2:5]}
    assert starts["main"] < starts["side"] < starts["left"]
    out = tmp_path / "whole.yaml"
    assert main(["plan", "show", plan, "--site", str(path), "--out", str(out)]) == 0
    assert "order: [0, 2, 1] # main, then side, then left" in out.read_text(encoding="utf-8")
    assert main(["plan", "check", str(out), "--site", str(path)]) == 0


def test_an_order_that_the_site_does_not_have_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for order in ("[0, 2, 1]", "[0, 1, 7]"):
        plan = file(tmp_path, f"{{offset_s: 0, green_s: [39, 10, 28], order: {order}}}")
        assert main(["plan", "show", plan, "--site", "demo-j2"]) == 2
        assert "stages in the order" in capsys.readouterr().err
        assert main(["plan", "check", plan, "--site", "demo-j2", "--lamps"]) == 1
        assert "rule order" in capsys.readouterr().out


def test_a_plan_that_breaks_rules_is_drawn_and_says_so(site: str, tmp_path: Path) -> None:
    out = tmp_path / "p.svg"
    assert (
        main(["plan", "show", file(tmp_path, "{offset_s: 0, green_s: [45, 13]}"), "--site", site, "--out", str(out)])
        == 0
    )
    assert "refused by the rules: pedestrian_walk" in out.read_text(encoding="utf-8")


def test_names_cannot_break_the_drawing() -> None:
    plan = msgspec.structs.replace(plan_for(SITE), id='<script>alert("&")</script>\x00\x1b')
    assert "Plan <script>" in (ET.fromstring(plan_svg(SIGNALS, plan, "<b>")).findtext(f"{SVG}title") or "")


@pytest.mark.parametrize("greens", [(3, 20), (40, 40), (300, 280)])
def test_long_and_short_cycles_keep_their_figures_readable(greens: tuple[int, int]) -> None:
    root = ET.fromstring(plan_svg(SIGNALS, plan_for(SITE, greens)))
    figures = [t.text for t in root.iter(f"{SVG}text") if t.get("text-anchor") == "middle" and "fill" not in t.attrib]
    assert len(figures) <= 23
    assert figures[0] == "0"
    assert figures[-1] == str(sum(greens) + 10)


# --- text, and what goes wrong --------------------------------------------------------------------------------------


def test_as_text_by_default(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "show", file(tmp_path, "{offset_s: 0, green_s: [20, 20]}"), "--site", site]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "plan p for x1: cycle 50 s, offset 0 s, greens [20, 20] s"
    assert told[1:4] == [
        "stage  green  from    to  groups",
        " main     20     0    20  m, pm",
        " side     20    25    45  s, ps",
    ]
    assert " m │━━━━━━━━━━━━━━━━━━━━~~~                           │" in told


@pytest.mark.parametrize(("kind", "begins"), [("svg", "<svg "), ("yaml", "# A signal plan"), ("text", "plan day for")])
def test_each_format_can_be_printed(site: str, capsys: pytest.CaptureFixture[str], kind: str, begins: str) -> None:
    assert main(["plan", "show", "day", "--site", site, "--format", kind]) == 0
    assert capsys.readouterr().out.startswith(begins)


def test_a_refused_plan_says_so_beside_the_text(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "show", file(tmp_path, "{offset_s: 0, green_s: [45, 13]}"), "--site", site]) == 0
    assert "refused by the rules: pedestrian_walk; 'nutgiao plan check'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{offset_s: 0, green_s: [40]}", "Give a second or more to each of main, side."),
        ("{offset_s: 0, green_s: [40, 0]}", "Give a second or more to each of main, side."),
        ("{offset_s: 0, green_s: [40, 1000000000]}", "a cycle of more than 3600 s"),
        ("{offset_s: 0, green_s: forty}", "green_s"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    assert main(["plan", "show", file(tmp_path, text), "--site", site]) == 2
    assert problem in capsys.readouterr().err


def test_a_plan_that_is_nowhere_is_told(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "show", "noon", "--site", site]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_a_folder_that_is_missing_is_told(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "show", "day", "--site", site, "--out", str(tmp_path / "no" / "p.svg")]) == 2
    assert "cannot be written" in capsys.readouterr().err
