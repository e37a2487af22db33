"""The command line: light to start, clear when something is wrong, and the right exit codes."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from nutgiao.cli import main as cli
from nutgiao.models.contracts.errors import CameraLost, ConfigError


def fake(run: object) -> SimpleNamespace:
    """A subcommand whose work is replaced."""
    return SimpleNamespace(add_parser=lambda subparsers: subparsers.add_parser("watch"), run=run)


def raising(error: BaseException) -> SimpleNamespace:
    def run(_: object) -> int:
        raise error

    return fake(run)


def test_starting_the_command_loads_nothing_heavy() -> None:
    probe = "import nutgiao.cli.main, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "numba", "cv2", "msgspec", "onnxruntime", "fastapi", "libsumo", "rich", "ruamel.yaml", "asyncio"}
    assert not heavy & set(loaded)


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_every_subcommand_has_a_module_with_parser_and_run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: nutgiao {command}" in capsys.readouterr().out


def test_help_lists_all_subcommands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert all(command.name in told for command in cli.COMMANDS)


def test_no_subcommand_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([])
    assert end.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_an_unknown_subcommand_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["wathc"])
    assert end.value.code == 2
    assert "watch" in capsys.readouterr().err


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("nutgiao 0.")


def test_the_exit_code_is_what_the_subcommand_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_load", lambda name: fake(lambda args: 7))
    assert cli.main(["watch"]) == 7


def test_a_users_error_is_a_message_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ConfigError("a.yaml", 3, "id", "is missing.", "Add it.")
    error.add_note("a.yaml:9 at 'x': there is no such key.")
    monkeypatch.setattr(cli, "_load", lambda name: raising(error))
    assert cli.main(["watch"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "nutgiao: a.yaml:3 at 'id': is missing. Add it.",
        "nutgiao: a.yaml:9 at 'x': there is no such key.",
    ]


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_load", lambda name: raising(CameraLost("gone")))
    with pytest.raises(CameraLost):
        cli.main(["watch", "--debug"])


@pytest.mark.parametrize(("module", "extra"), [("cv2", "edge"), ("fastapi.responses", "central"), ("libsumo", "sim")])
def test_a_missing_extra_is_named_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, extra: str
) -> None:
    monkeypatch.setattr(
        cli, "_load", lambda name: raising(ModuleNotFoundError(f"No module named {module}", name=module))
    )
    assert cli.main(["watch"]) == 2
    assert f"nutgiao watch needs the {extra} extra" in (told := capsys.readouterr().err)
    assert f"pip install 'nutgiao[{extra}]'" in told


def test_a_missing_module_of_our_own_is_a_bug_and_looks_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_load", lambda name: raising(ModuleNotFoundError("x", name="nutgiao.edge.nowhere")))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["watch"])


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_load", lambda name: raising(KeyboardInterrupt()))
    assert cli.main(["watch"]) == 130


def test_a_reader_that_has_enough_is_no_error() -> None:
    line = f"{sys.executable} -m nutgiao.cli.main site schema | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "{\n"
    assert done.stderr == ""
