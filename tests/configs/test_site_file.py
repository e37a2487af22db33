"""A tool may change a site file: comments and order stay, and a failed save leaves everything as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from nutgiao.configs.loader import load_site, site_path
from nutgiao.configs.site_file import SiteFile, changed_text
from nutgiao.models.contracts.errors import ConfigError

GIANGVO = site_path("giangvo").read_text(encoding="utf-8")
PAIRS = ("cameras", 0, "ground_pairs")


def copied(folder: Path) -> Path:
    path = folder / "site.yaml"
    path.write_text(GIANGVO, encoding="utf-8")
    return path


def rows() -> list[list[Any]]:
    """The pairs as the file writes them."""
    found = [list(row) for row in load_site("giangvo").cameras[0].ground_pairs]
    return [[int(u), int(v), x, y] for u, v, x, y in found]


@settings(max_examples=8)
@given(gone=st.sets(st.integers(0, 16), max_size=9), added=st.integers(0, 3), moved=st.integers(0, 16))
def test_rows_that_stay_keep_their_comments_whatever_else_goes_or_comes(gone: set[int], added: int, moved: int) -> None:
    wanted = rows()
    wanted[moved] = [wanted[moved][0] + 1, *wanted[moved][1:]]
    wanted = [row for k, row in enumerate(wanted) if k not in gone]
    wanted += [[5 + k, 300 - k, -11.0 - k / 10, 3.0] for k in range(added)]
    text = changed_text(GIANGVO.encode(), [(PAIRS, wanted)]).decode()
    written = YAML(typ="safe").load(text)["cameras"][0]["ground_pairs"]
    assert written == wanted
    for row, comment in ((8, "# bar 11, at the island"), (10, "# foot of the left kerb"), (2, "# bar 2")):
        if row not in gone | {moved}:
            (line,) = [line for line in text.splitlines() if comment in line]
            assert f"{rows()[row][0]}, {rows()[row][1]}," in line
    assert text.splitlines()[:14] == GIANGVO.splitlines()[:14]


def test_a_save_that_fixes_no_map_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    path = copied(tmp_path)
    on_a_line = [[10.0 * k, 300.0, float(k), 2.0] for k in range(5)]
    for wanted in (rows()[:3], on_a_line):
        with pytest.raises(ConfigError, match="ground_pairs") as told:
            SiteFile(path).save({PAIRS: wanted}, "then")
        assert told.value.path == str(path)
        assert path.read_text(encoding="utf-8") == GIANGVO
        assert [one.name for one in tmp_path.iterdir()] == ["site.yaml"]


def test_saving_what_is_there_changes_no_byte(tmp_path: Path) -> None:
    path = copied(tmp_path)
    SiteFile(path).save({PAIRS: rows()}, "then")
    assert path.read_text(encoding="utf-8") == GIANGVO


def test_every_save_has_a_backup_of_its_own(tmp_path: Path) -> None:
    file = SiteFile(copied(tmp_path))
    backups = [file.save({PAIRS: rows()[k:]}, "then") for k in range(3)]
    assert len(set(backups)) == 3
    assert backups[0] is not None
    assert backups[0].read_text(encoding="utf-8") == GIANGVO


def test_an_error_speaks_of_the_file_that_the_user_knows(tmp_path: Path) -> None:
    file = SiteFile(copied(tmp_path))
    with pytest.raises(ConfigError) as told:
        file.save({("cameras", 0, "view_m"): [9.0, 3.0]}, "then")
    assert told.value.path == str(tmp_path / "site.yaml")
    assert told.value.key == "cameras[0].view_m"
    assert (tmp_path / "site.yaml").read_text(encoding="utf-8") == GIANGVO


def test_a_camera_without_pairs_is_open_to_calibration_and_to_nothing_else(tmp_path: Path) -> None:
    body = GIANGVO.replace("    ground_pairs:\n", "    noted_pairs:\n")
    path = tmp_path / "site.yaml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(ConfigError, match="noted_pairs"):
        SiteFile(path)
    head, _, tail = GIANGVO.partition("    ground_pairs:\n")
    path.write_text(head + tail[tail.index("    # Lit in") :], encoding="utf-8")
    assert set(SiteFile(path).unmeasured) == {"cam_south"}
    with pytest.raises(ConfigError, match="ground_pairs"):
        load_site(path)
