from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation import evaluate
from nutgiao.simulation.sumocfg import read_scenario
from tests.support.junction_nets import EAST_OUT, WEST_IN, junction, vehicle, write

TRIP = f'<trip id="t" depart="7:00:10" from="{WEST_IN}" to="{EAST_OUT}"/>'
NET = '<net-file value="street.net.xml"/>'
FILES = f'<input>\n{NET}\n<route-files value="street.rou.xml"/>\n</input>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "street.net.xml", '<edge id="a"/>', root="net")
    write(tmp_path / "street.rou.xml", TRIP)
    return tmp_path


def config(folder: Path, *sections: str) -> Path:
    return write(folder / "street.sumocfg", *sections, root="configuration")


def test_every_part_is_read(folder: Path) -> None:
    write(folder / "more.rou.xml", vehicle("v", 25_230))
    (folder / "kinds.add.xml.gz").write_bytes(gzip.compress(b'<additional><vType id="car"/></additional>'))
    made = read_scenario(
        config(
            folder,
            f'<input>{NET}<route-files value="street.rou.xml, more.rou.xml"/>'
            '<additional-files value="kinds.add.xml.gz"/></input>',
            '<time><begin value="7:00:00"/><end value="28800"/><step-length value="0.5"/></time>',
        )
    )
    assert made.name == "street"
    assert made.net == folder / "street.net.xml"
    assert made.routes == (folder / "street.rou.xml", folder / "more.rou.xml")
    assert made.additional == (folder / "kinds.add.xml.gz",)
    assert (made.begin_s, made.end_s, made.step_s, made.options) == (25_200.0, 28_800.0, 0.5, ())


def test_short_names_without_sections_are_read(folder: Path) -> None:
    made = read_scenario(
        config(folder, '<n v="street.net.xml"/>', '<r v="street.rou.xml"/>', '<b v="25200"/>', '<e v="25300"/>')
    )
    assert (made.begin_s, made.end_s, made.step_s) == (25_200.0, 25_300.0, 1.0)


def test_options_that_change_the_traffic_are_kept_and_the_others_left(folder: Path) -> None:
    made = read_scenario(
        config(
            folder,
            FILES,
            '<time><end value="28800"/></time>',
            '<processing><lateral-resolution value="0.8"/><time-to-teleport value="300"/></processing>',
            '<routing><device.rerouting.probability value="0.5"/></routing>',
            '<output><tripinfo-output value="t.xml"/></output>',
            '<report><no-warnings value="true"/></report>',
            '<random_number><seed value="5"/></random_number>',
            '<gui_only><start value="true"/></gui_only>',
        )
    )
    assert made.options == ("--lateral-resolution=0.8", "--device.rerouting.probability=0.5")


def test_the_period_may_be_given_instead_of_read(folder: Path) -> None:
    made = read_scenario(config(folder, FILES), begin_s=25_200.0, end_s=25_300.0)
    assert (made.begin_s, made.end_s) == (25_200.0, 25_300.0)


@pytest.mark.parametrize("time", ["", '<time><end value="-1"/></time>'])
def test_no_end_is_told_with_a_cure(folder: Path, time: str) -> None:
    with pytest.raises(ConfigError, match=r"street\.sumocfg.* at 'end': no end time.* Add <end") as caught:
        read_scenario(config(folder, FILES, time))
    assert caught.value.key == "end"


def test_a_missing_file_is_told_with_the_line_that_names_it(folder: Path) -> None:
    (folder / "street.rou.xml").unlink()
    with pytest.raises(ConfigError, match=r"street\.sumocfg:4 at 'route-files': .*street\.rou\.xml does not exist"):
        read_scenario(config(folder, FILES, '<time><end value="28800"/></time>'))


@pytest.mark.parametrize(
    ("option", "line"),
    [('<load-state value="s.xml"/>', 6), ('<time><begin value="dawn"/></time>', 6), ('<mesosim value="true"/>', 6)],
)
def test_what_is_not_supported_is_told_with_its_line(folder: Path, option: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        read_scenario(config(folder, FILES, option, '<e value="28800"/>'))
    assert caught.value.line == line


@pytest.mark.parametrize("files", ['<route-files value="street.rou.xml"/>', '<net-file value="a.xml,b.xml"/>'])
def test_one_network_is_needed(folder: Path, files: str) -> None:
    with pytest.raises(ConfigError, match=r"'net-file': [02] networks"):
        read_scenario(config(folder, f"<input>{files}</input>", '<e value="28800"/>'))


def test_a_broken_configuration_is_told_with_its_line(folder: Path) -> None:
    (folder / "street.sumocfg").write_text("<configuration>\n<input>\n</configuration>", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"street\.sumocfg:3: is no well-formed XML"):
        read_scenario(folder / "street.sumocfg")


def test_what_is_no_text_is_told(folder: Path) -> None:
    (folder / "street.sumocfg").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ConfigError, match="is no text"):
        read_scenario(folder / "street.sumocfg")


def test_a_missing_configuration_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.sumocfg: does not exist"):
        read_scenario(tmp_path / "none.sumocfg")


def test_sumo_takes_what_was_read(tmp_path: Path) -> None:
    junction(tmp_path).rename(tmp_path / "street.net.xml")
    write(tmp_path / "street.rou.xml", TRIP, vehicle("v", 25_230))
    more = '<processing><lateral-resolution value="0.8"/><collision.check-junctions value="true"/></processing>'
    path = config(tmp_path, FILES, more, '<time><begin value="25200"/><end value="25500"/></time>')
    found = evaluate.run(read_scenario(path))
    assert (found.scheduled, found.arrived) == (2, 2)
