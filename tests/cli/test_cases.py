"""`nutgiao cases` from the first look to a verified export, as a person at a terminal does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.cli.main import main
from tests.support.centre import CENTRE_KEY, filled

AN = ("--person", "Nguyễn Thị An")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "centre"
    folder.mkdir()
    _, store = filled(folder)
    store.close()
    for path in folder.glob("centre.db*"):
        path.rename(folder / path.name.replace("centre.db", "centre.sqlite"))
    key = folder / "centre.key"
    key.write_bytes(CENTRE_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key.chmod(0o600)
    return folder


@pytest.mark.filterwarnings("ignore")
def test_a_person_works_a_case_through_and_hands_it_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nutgiao.cli.cases.time.time", lambda: 1795496400.0)

    def cases(*words: str) -> tuple[int, str]:
        code = main(["cases", *words, "--data", str(data)])
        said = capsys.readouterr()
        return code, said.out + said.err

    assert cases("list", "--state", "auto_checked")[1].count("auto_checked") == 2
    assert cases("move", "v1", "in_review", *AN)[0] == 0
    code, said = cases("move", "v1", "approved", *AN)
    assert (code, "look at every still" in said) == (2, True)
    code, said = cases("show", "v1", *AN, "--evidence", str(tmp_path / "stills"))
    assert (code, len(list((tmp_path / "stills").iterdir()))) == (0, 3)
    assert "next: approved" in said
    assert cases("move", "v1", "approved", *AN)[0] == 0
    assert cases("move", "v1", "gone", *AN)[0] == 2
    code, said = cases("owner", "v1", *AN, "--name", "Trần Văn B", "--source", "csgt.vn")
    assert (code, "Trần" in said) == (0, False)
    assert "owner Trần Văn B" in cases("show", "v1", *AN, "--owner")[1]
    assert cases("hold", "v1", *AN, "--words", "court")[0] == 0
    assert "legal hold" in cases("list")[1]
    assert cases("export", "v1", *AN, "--out", str(tmp_path))[0] == 0
    export = tmp_path / "case-v1.zip"
    key = CENTRE_KEY.public_key().public_bytes_raw().hex()
    assert main(["cases", "verify", str(export), "--key", key]) == 0
    body = bytearray(export.read_bytes())
    body[len(body) // 2] ^= 1
    export.write_bytes(body)
    assert main(["cases", "verify", str(export), "--key", key]) == 1
    store = SqliteStore(data / "centre.sqlite", data / "evidence")
    assert store.broken_audit_row() is None
    assert {row.actor for row in store.audit("v1")} == {"x1", "centre", "Nguyễn Thị An"}
    store.close()


def test_a_folder_without_a_store_is_named_and_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "list", "--data", str(tmp_path)]) != 0
    assert "no store of a centre" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
