from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nutgiao.simulation.code_digest import code_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "timing_parts"
    place.mkdir()
    (place / "__init__.py").write_text("")
    (place / "green.py").write_text("from timing_parts.amber import AMBER_S\nGREEN_S = 10 + AMBER_S\n")
    (place / "amber.py").write_text("AMBER_S = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timing_parts", raising=False)
    return place


def digest(*within: str) -> str:
    return code_digest(["timing_parts.green"], within)


def test_other_code_has_another_digest_and_comments_do_not_matter(package: Path) -> None:
    before = digest()
    (package / "green.py").write_text("from timing_parts.amber import AMBER_S\n\nGREEN_S = 10 + AMBER_S  # usual\n")
    assert digest() == before
    (package / "green.py").write_text("from timing_parts.amber import AMBER_S\nGREEN_S = 11 + AMBER_S\n")
    assert digest() != before


def test_what_is_imported_counts_if_it_may_matter(package: Path) -> None:
    alone, whole = digest(), digest("timing_parts")
    (package / "amber.py").write_text("AMBER_S = 4\n")
    assert digest() == alone
    assert digest("timing_parts") != whole


def test_a_module_that_is_not_there_is_told() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"nutgiao\.simulation\.nowhere"):
        code_digest(["nutgiao.simulation.nowhere"], ())
