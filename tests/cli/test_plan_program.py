"""`nutgiao plan` with SUMO's programs: checked with rule, links and cure; drawn as bars, rings and green bands."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from nutgiao.cli.main import main
from nutgiao.cli.plan_program_file import program_yaml, read_program_yaml
from nutgiao.cli.plan_svg import ranges
from nutgiao.models.contracts.program import LampProgram
from nutgiao.simulation.tls_logic import read_tls_logic, write_tls_logic
from tests.simulation.test_tls_logic import programs
from tests.support import nema_nets
from tests.support.junction_nets import junction, square
from tests.support.resco_nets import shipped

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with the single light A0."""
    return junction(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with the lights A0, A1, B0, B1."""
    return square(tmp_path_factory.mktemp("four"))


def changed(one: Path, folder: Path, old: str, new: str) -> Path:
    """The program of A0 with one letter for another, in a file of its own."""
    (program,) = read_tls_logic(one)
    steps = tuple(msgspec.structs.replace(step, state=step.state.replace(old, new)) for step in program.steps)
    return write_tls_logic(folder / "mine.add.xml", [msgspec.structs.replace(program, steps=steps)])


def words(path: Path) -> list[str]:
    return [text.text or "" for text in ET.parse(path).getroot().iter(f"{SVG}text")]


# --- check ----------------------------------------------------------------------------------------------------------


def test_a_networks_own_programs_are_checked(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "check", str(one)]) == 0
    told = capsys.readouterr().out
    assert f"{one}: program 0 of light A0: static, 4 steps" in told
    assert "   shown   ITE = amber + all-red   second   ends → starts" in told
    assert told.endswith("change intervals are shorter than ITE's (a warning)\nit may run\n")


def test_a_program_that_gives_foes_the_right_of_way_is_refused_with_rule_second_links_and_cure(
    one: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = changed(one, tmp_path, "g", "G")
    assert main(["plan", "check", str(path), "--net", str(one)]) == 1
    told = capsys.readouterr().out.splitlines()
    first = next(k for k, line in enumerate(told) if line.startswith("1. rule conflict: phase 0"))
    assert "both have the right of way (G)" in told[first]
    assert told[first + 1].startswith("   second:  0 of the check (a cycle lasts 90 s)")
    assert "→" in told[first + 2]
    assert told[first + 2].startswith("   links:   link ")
    assert told[first + 3].startswith("   instead: show g to link ")
    assert told[-1] == "refused: A0"


def test_a_program_without_amber_is_refused(one: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "check", str(changed(one, tmp_path, "y", "r")), "--net", str(one)]) == 1
    assert "rule amber: links" in capsys.readouterr().out


def test_the_one_shipped_program_that_contradicts_its_network_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "check", str(shipped("ingolstadt7").net)]) == 1
    assert capsys.readouterr().out.endswith("refused: gneJ210\n")


def test_of_one_light_every_short_interval_is_told_and_of_many_a_few(
    four: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "check", str(four)]) == 0
    assert "more; --light A0 tells all" in capsys.readouterr().out
    assert main(["plan", "check", str(four), "--light", "A0"]) == 0
    assert "more; --light" not in capsys.readouterr().out


def test_a_nema_program_is_checked_by_its_rings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = nema_nets.crossroads(tmp_path)
    good = write_tls_logic(tmp_path / "good.add.xml", [nema_nets.program(net)])
    assert main(["plan", "check", str(good), "--net", str(net)]) == 0
    assert "only its states" not in capsys.readouterr().out
    crossed = write_tls_logic(tmp_path / "crossed.add.xml", [nema_nets.program(net, ring1="1,4,3,2")])
    assert main(["plan", "check", str(crossed), "--net", str(net)]) == 1
    wrong = write_tls_logic(tmp_path / "wrong.add.xml", [nema_nets.program(net, ring1="1,2,3,9")])
    assert main(["plan", "check", str(wrong), "--net", str(net)]) == 2
    assert "a ring names phase 9" in capsys.readouterr().err


def test_wrong_input_is_told(one: Path, four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = write_tls_logic(tmp_path / "a.add.xml", read_tls_logic(one))
    assert main(["plan", "check", str(alone)]) == 2
    assert "Add --net" in capsys.readouterr().err
    assert main(["plan", "check", str(four), "--light", "Z9"]) == 2
    assert "no program of light Z9. Lights: A0, A1, B0, B1." in capsys.readouterr().err
    assert (
        main(["plan", "check", str(write_tls_logic(tmp_path / "b.add.xml", read_tls_logic(four))), "--net", str(one)])
        == 2
    )
    assert "has no such light" in capsys.readouterr().err
    plain = tmp_path / "p.yaml"
    plain.write_text("{offset_s: 0, green_s: [40, 40]}", encoding="utf-8")
    assert main(["plan", "check", str(plain)]) == 2
    assert "Add --site SITE" in capsys.readouterr().err


def test_a_site_below_ite_is_warned_of_and_not_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "p.yaml"
    plan.write_text("{offset_s: 0, green_s: [39, 36]}", encoding="utf-8")
    assert main(["plan", "check", str(plan), "--site", "demo-j1"]) == 0
    told = capsys.readouterr()
    assert told.out.endswith("it may run\n")
    assert "warning: intergreen from main to side is 6 s; ITE asks 4 s of amber and 3 s of all-red" in told.err


# --- YAML and text --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@given(programs())
def test_a_program_that_was_written_as_yaml_is_the_program_that_is_read(folder: Path, program: LampProgram) -> None:
    path = folder / "p.yaml"
    path.write_text(program_yaml(program), encoding="utf-8")
    assert read_program_yaml(path) == program


def test_yaml_has_a_line_for_each_step_and_is_checked_and_drawn_like_the_xml(
    one: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a0.yaml"
    assert main(["plan", "show", str(one), "--out", str(path)]) == 0
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["# A signal program of nutgiao, in steps. All times are seconds.", "light: A0"]
    assert lines[5:7] == ["steps:", f"  - {{duration_s: 42, state: {read_tls_logic(one)[0].steps[0].state}}}"]
    assert main(["plan", "check", str(path), "--net", str(one)]) == 0
    assert main(["plan", "show", str(path), "--out", str(tmp_path / "a0.svg")]) == 0
    assert main(["plan", "show", str(path)]) == 0
    assert "   0       42                  " in capsys.readouterr().out


def test_a_file_that_is_no_program_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("light: A\nid: '0'\nsteps:\n  - {duration_s: long, state: G}\n", encoding="utf-8")
    assert main(["plan", "show", str(path)]) == 2
    assert "Write light, id and steps" in capsys.readouterr().err


# --- pictures -------------------------------------------------------------------------------------------------------


def test_bars_of_a_program_have_a_row_for_each_group_of_links(one: Path, tmp_path: Path) -> None:
    out = tmp_path / "a0.svg"
    assert main(["plan", "show", str(one), "--out", str(out)]) == 0
    told = words(out)
    assert told[0] == "Program 0 of light A0 (static): cycle 90 s, offset 0 s"
    assert {"0: 42 s", "2: 42 s", "giving way", "seconds of the cycle"} <= set(told)
    assert any(word.startswith("links 0") for word in told)
    assert any("top0A0" in word for word in told)
    boxes = [box.findtext(f"{SVG}title") or "" for box in ET.parse(out).getroot().iter(f"{SVG}rect")]
    assert any(box.endswith("green 0 to 42 s") for box in boxes)


def test_several_lights_need_a_name(four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "show", str(four)]) == 2
    assert "Name one with --light: A0, A1, B0, B1." in capsys.readouterr().err
    assert main(["plan", "show", str(four), "--light", "B1", "--out", str(tmp_path / "b1.svg")]) == 0


def test_a_ring_diagram_has_rings_phases_and_barriers(tmp_path: Path) -> None:
    net = nema_nets.crossroads(tmp_path)
    file = write_tls_logic(tmp_path / "rings.add.xml", [nema_nets.program(net)])
    out = tmp_path / "rings.svg"
    assert main(["plan", "show", str(file), "--net", str(net), "--out", str(out)]) == 0
    told = set(words(out))
    assert {"Ring 1", "Ring 2", "φ1", "φ2 ★", "φ6 ★", "φ8", "35 + 3 + 2 s", "barrier"} <= told
    lines = [line for line in ET.parse(out).getroot().iter(f"{SVG}polyline") if line.get("stroke-width") == "5"]
    at = [float(line.attrib["points"].split(",")[0]) for line in lines]
    assert len(at) == 3
    assert (at[1] - at[0]) / (at[2] - at[0]) == pytest.approx(0.55)  # the first barrier after 55 of 100 s


@pytest.mark.parametrize("what", ["program", "plan", "corridor"])
def test_every_picture_is_written_as_png_too(what: str, one: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.png"
    arguments = {
        "program": ["show", str(one)],
        "plan": ["show", "evening", "--site", "demo-j2"],
        "corridor": ["corridor", "--sites", "demo-j1", "demo-j2", "demo-j3"],
    }[what]
    assert main(["plan", *arguments, "--out", str(out)]) == 0
    assert out.read_bytes()[:8] == PNG


def test_a_png_is_not_printed(one: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "show", str(one), "--format", "png"]) == 2
    assert "Name a file with --out" in capsys.readouterr().err


def test_links_are_told_in_few_words() -> None:
    assert ranges([3, 0, 1, 2, 7]) == "0-3, 7"


# --- corridors ------------------------------------------------------------------------------------------------------


def test_the_bands_of_the_demonstration_corridor_are_told_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Timed for a wave at 38 km/h towards the west in the evening, and to the east in the morning."""
    out = tmp_path / "street.svg"
    sites = ["--sites", "demo-j1", "demo-j2", "demo-j3", "--speed", "38"]
    assert main(["plan", "corridor", *sites, "--row", "evening", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "outbound: band 4.1 s at 38.0 km/h, cycle 100 s" in told
    assert "inbound: band 35.9 s" in told
    drawn = words(out)
    assert {"j1", "j2", "j3", "0 m", "35.9 s", "4.1 s"} <= set(drawn)
    assert main(["plan", "corridor", *sites, "--row", "morning"]) == 0
    assert "outbound: band 33.7 s" in capsys.readouterr().out


def test_the_bands_of_a_network_follow_its_programs(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lights 200 m apart in a cycle of 90 s: at 200 m in 18 s an offset of 18 s leaves the whole green of 42 s."""
    edges = ["--edges", "left0A0", "B0right0", "--speed", "40"]
    assert main(["plan", "corridor", str(four), *edges]) == 0
    assert "outbound: band 24." in capsys.readouterr().out
    later = [msgspec.structs.replace(one, offset_s=18.0) for one in read_tls_logic(four) if one.light == "B0"]
    file = write_tls_logic(tmp_path / "later.add.xml", later)
    assert main(["plan", "corridor", str(four), *edges, "--programs", str(file)]) == 0
    told = capsys.readouterr().out
    assert "outbound: band 42.0 s" in told or "outbound: band 41.9 s" in told
    assert "inbound: band 6." in told


def test_vehicles_are_drawn_where_their_ways_are_given_and_their_delay_is_told(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fcd = tmp_path / "fcd.xml"
    steps = "".join(
        f'<timestep time="{second}.00"><vehicle id="v" lane="left0A0_0" pos="{150 + second}"/></timestep>'
        for second in range(60)
    )
    fcd.write_text(f"<fcd-export>{steps}</fcd-export>", encoding="utf-8")
    out = tmp_path / "p.svg"
    words_of = ["plan", "corridor", str(four), "--edges", "left0A0", "B0right0", "--fcd", str(fcd), "--out", str(out)]
    assert main(words_of) == 0
    assert "vehicles" in words(out)
    capsys.readouterr()
    rides = "".join(  # 10 m/s on the edge between the lights, the first 20 s of it at 5 m/s
        f'<timestep time="{t}"><vehicle id="w" lane="A0B0_0" pos="{5 * t if t < 20 else 10 * t - 100}"/></timestep>'
        for t in range(29)
    )
    fcd.write_text(f"<fcd-export>{rides}</fcd-export>", encoding="utf-8")
    assert main([*words_of, "--speed", "36"]) == 0
    assert "outbound: delay 10.0 s on 180 m, mean of 1 vehicles" in capsys.readouterr().out
    assert any(text.startswith("delay 10.0 s") for text in words(out))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "needs a network or sites"),
        (["--sites", "demo-j1"], "one site makes no corridor"),
        (["--sites", "demo-j1", "demo-j3"], "no approach has upstream: demo-j1"),
        (["--sites", "demo-j1", "demo-j2", "--row", "noon"], "no row noon"),
        (["--sites", "demo-j1", "demo-j2", "--speed", "0"], "Give a speed above 0"),
        (["--sites", "demo-j1", "demo-j2", "--out", "p.gif"], "neither .svg nor .png"),
        (["--sites", "demo-j1", "giangvo"], "no approach has upstream"),
    ],
)
def test_what_is_no_corridor_is_told(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "corridor", *arguments]) == 2
    assert problem in capsys.readouterr().err.replace("upstream: j1", "upstream: demo-j1")


def test_lights_without_a_common_cycle_are_told(four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (b0,) = [one for one in read_tls_logic(four) if one.light == "B0"]
    longer = msgspec.structs.replace(b0, steps=(msgspec.structs.replace(b0.steps[0], duration_s=43.0), *b0.steps[1:]))
    file = write_tls_logic(tmp_path / "longer.add.xml", [longer])
    assert main(["plan", "corridor", str(four), "--edges", "left0A0", "B0right0", "--programs", str(file)]) == 2
    assert "no common cycle: A0 90 s, B0 91 s" in capsys.readouterr().err


def test_actuated_lights_have_no_bands(four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (b0,) = [one for one in read_tls_logic(four) if one.light == "B0"]
    file = write_tls_logic(tmp_path / "actuated.add.xml", [msgspec.structs.replace(b0, kind="actuated")])
    assert main(["plan", "corridor", str(four), "--edges", "left0A0", "B0right0", "--programs", str(file)]) == 2
    assert "Bands need fixed times" in capsys.readouterr().err


def test_help_says_that_plans_are_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "draw them" in " ".join(capsys.readouterr().out.split())
