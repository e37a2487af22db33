"""Benchmarks that are told what to do by variables: who asks for help gets it, and nothing runs."""

from __future__ import annotations

import pytest

from benchmarks.result import only_help


def test_help_says_what_it_does_and_a_word_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for words, code in ((["--help"], 0), (["--full"], 2), (["ingolstadt1"], 2)):
        with pytest.raises(SystemExit) as left:
            only_help("FULL=1 runs every seed.", words)
        assert left.value.code == code
    said = capsys.readouterr()
    assert "FULL=1 runs every seed." in said.out
    assert "unrecognized arguments: --full" in said.err
    only_help("FULL=1 runs every seed.", [])
