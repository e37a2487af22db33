"""The log on disk: whole, cut off, or something else."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.control.decision_log import LogWriter, logged_run, part_of, read_log
from tests.support.decisions import HEADER, seconds

COUNT = 150


def written(path: Path, whole: bool = True) -> Path:
    log = LogWriter(path)
    log.write(HEADER)
    for second in seconds(COUNT):
        log.write(second)
    log.close(whole)
    return path if whole else part_of(path)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    header, found = read_log(written(tmp_path / "made" / "log.gz"))
    assert header == HEADER
    assert list(found) == seconds(COUNT)
    assert logged_run(tmp_path / "made" / "log.gz") == HEADER.run


def test_any_tool_that_knows_gzip_reads_it(tmp_path: Path) -> None:
    with gzip.open(written(tmp_path / "log.gz"), "rt", encoding="utf-8") as file:
        assert len(file.readlines()) == 1 + COUNT


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 1.0))
def test_of_a_log_that_was_cut_off_all_is_read_that_is_there(share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "log.gz")
        whole = path.read_bytes()
        first = len(gzip.compress(b"")) + 400
        path.write_bytes(whole[: max(first, int(share * len(whole)))])
        header, found = read_log(path)
        told = list(found)
    assert header == HEADER
    assert told == seconds(COUNT)[: len(told)]
    assert len(told) >= int((share * COUNT) / 60 - 1) * 60


def test_while_the_run_goes_on_whole_minutes_can_be_read(tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "log.gz")
    log.write(HEADER)
    for second in seconds(COUNT):
        log.write(second)
    assert logged_run(tmp_path / "log.gz") is None
    _, found = read_log(part_of(tmp_path / "log.gz"))
    assert len(list(found)) == 119


def test_a_new_run_does_not_leave_the_log_of_another_one(tmp_path: Path) -> None:
    path = written(tmp_path / "log.gz")
    written(path, whole=False)
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty, since the run has just begun"),
        (gzip.compress(b'{"format":99}\n', mtime=0), "its format is 99, not 1"),
        (gzip.compress(b"[1,2]\n", mtime=0), "is no log of decisions"),
        (b"a page of a book", "is no log of decisions"),
    ],
)
def test_what_is_no_log_is_refused_and_counts_for_none(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_log(path)
    assert logged_run(path) is None
