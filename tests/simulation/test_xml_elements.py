from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.xml_elements import elements

TEXT = '<routes><vType id="car"/><vehicle id="a"><route edges="x y"/></vehicle></routes>'


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "a.rou.xml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_elements_come_complete_and_in_order(plain: Path) -> None:
    kind, vehicle = elements(plain)
    assert (kind.tag, kind.get("id"), vehicle.tag) == ("vType", "car", "vehicle")
    route = vehicle.find("route")
    assert route is not None
    assert route.get("edges") == "x y"


@pytest.mark.parametrize("name", ["packed.rou.xml.gz", "packed_without_saying_so.rou.xml"])
def test_packed_files_read_like_plain_ones(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert [element.tag for element in elements(path)] == ["vType", "vehicle"]


def test_included_files_are_read_in_their_place(tmp_path: Path, plain: Path) -> None:
    outer = tmp_path / "outer.add.xml"
    outer.write_text(f'<additional><busStop id="s"/><include href="{plain.name}"/><poi id="p"/></additional>')
    assert [element.tag for element in elements(outer)] == ["busStop", "vType", "vehicle", "poi"]


def test_broken_xml_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.rou.xml"
    path.write_text("<routes>\n<vehicle>\n</routes>", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.rou\.xml:3: is no well-formed XML"):
        list(elements(path))


def test_a_packed_file_that_was_cut_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.net.xml.gz"
    path.write_bytes(gzip.compress(TEXT.encode())[:-12])
    with pytest.raises(ConfigError, match=r"cut\.net\.xml\.gz"):
        list(elements(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.xml: does not exist"):
        list(elements(tmp_path / "none.xml"))


def test_another_kind_of_file_is_refused(plain: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.rou\.xml at 'routes': a file with the root <net> is needed"):
        list(elements(plain, "net"))
