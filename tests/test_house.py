"""The house itself: rooms, packaging, import rules, licences, and what must never stand in a committed file."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("models", "edge", "optimizer", "simulation", "central", "configs", "cli")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
MAX_LINES = 400


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def own_files() -> list[Path]:
    """Files that are or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git checkout: which files are committed cannot be told")
    return [path for part in told.split("\0") if part and (path := ROOT / part).is_file() and not path.is_symlink()]


def program(word: str) -> str:
    """A programme of the environment that runs the tests."""
    return str(Path(sys.executable).parent / word)


# --- modules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_explains_itself_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    sentence = (ast.get_docstring(tree) or "").splitlines()[:1]
    assert sentence, "a module begins with one sentence that explains it"
    assert len(text.splitlines()) <= MAX_LINES
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level], "relative import"


def test_the_tables_of_modules_are_those_of_the_rooms() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "room_tables.py"), "--check"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


# --- packaging ------------------------------------------------------------------------------------------------------


def test_every_package_is_listed() -> None:
    found = {"nutgiao." + name(path.parent).replace("/", ".") for path in MODULES if path.name == "__init__.py"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found


def test_no_folder_of_modules_lacks_its_init() -> None:
    assert [name(path) for path in MODULES if not (path.parent / "__init__.py").exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_mapped_seen_by_type_checkers_and_typed(room: str) -> None:
    assert PROJECT["tool"]["setuptools"]["package-dir"][f"nutgiao.{room}"] == room
    assert (ROOT / "typings" / "nutgiao" / room).resolve() == (ROOT / room).resolve()
    assert (ROOT / room / "py.typed").exists()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what would be committed."""
    folder = tmp_path_factory.mktemp("house")
    for path in own_files():
        if path.suffix in {".png", ".jpg", ".mp4"} and path.relative_to(ROOT).parts[0] not in ROOMS:
            continue
        target = folder / "source" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "-w", str(folder), str(folder / "source")], check=True, cwd=folder)
    [built] = folder.glob("nutgiao-*.whl")
    return built


def test_the_wheel_owns_nothing_but_nutgiao(wheel: Path) -> None:
    tops = {entry.split("/")[0] for entry in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"nutgiao", f"nutgiao-{PROJECT['project']['version']}.dist-info"}
    assert "nutgiao/__init__.py" not in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_every_module_and_all_data(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    committed = {name(path) for path in own_files() if path.relative_to(ROOT).parts[0] in ROOMS}
    assert {entry for entry in committed if f"nutgiao/{entry}" not in inside} == set()


def test_the_wheel_carries_licence_and_notice(wheel: Path) -> None:
    inside = {entry.rpartition("/")[2] for entry in zipfile.ZipFile(wheel).namelist() if "dist-info" in entry}
    assert {"LICENSE", "NOTICE"} <= inside


def test_the_installed_wheel_finds_its_sites(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    probe = "import nutgiao.configs.loader as l; print(l.__file__); print([l.load_site(s).id for s in l.list_sites()])"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", probe]
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert told.startswith(str(tmp_path))
    assert "giangvo" in told


# --- what the roadside box installs ---------------------------------------------------------------------------------


def needed(extra: str) -> set[str]:
    """Distributions that an extra pulls, as far as those installed here tell."""
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"][extra]]
    todo, found = [(Requirement(line), "") for line in wanted], set()
    while todo:
        requirement, asked_extra = todo.pop()
        key = requirement.name.lower().replace("_", "-")
        if (requirement.marker and not requirement.marker.evaluate({"extra": asked_extra})) or key in found:
            continue
        found.add(key)
        try:
            lines = metadata.requires(requirement.name) or []
        except metadata.PackageNotFoundError:
            pytest.skip(f"{requirement.name} is not installed here, so what it needs cannot be told")
        todo += [(Requirement(line), one) for line in lines for one in ("", *requirement.extras)]
    return found


def test_the_edge_extra_pulls_neither_sumo_nor_torch_nor_a_web_stack() -> None:
    unwanted = {
        "eclipse-sumo", "libsumo", "traci", "sumolib", "sumo-data", "torch", "torchvision", "ultralytics", "fastapi",
        "starlette", "uvicorn", "pydantic", "matplotlib", "scipy", "pandas", "iotcore", "opencv-python",
    }  # fmt: skip
    pulled = needed("edge")
    assert {"onnxruntime", "paho-mqtt", "numba", "opencv-python-headless"} <= pulled
    assert pulled & unwanted == set()


EXTRAS = {
    "models": ("edge",),
    "configs": ("edge",),  # keys.py only, for boxes and the centre: both extras bring cryptography
    "edge": ("edge", "openvino", "engines"),  # asked for inside functions, with the cure where they are missing
    "optimizer": ("central",),
    "simulation": ("sim", "bench", "cluster"),
    "central": ("central",),
    "cli": ("edge", "central", "sim", "train"),
}
"""Extras that each room's own imports may come from; the core dependencies besides."""


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_imports_its_extra_installs(room: str) -> None:
    owners = metadata.packages_distributions()
    declared = [*PROJECT["project"]["dependencies"]]
    for extra in EXTRAS[room]:
        declared += PROJECT["project"]["optional-dependencies"][extra]
    known = {Requirement(line).name.lower().replace(".", "-") for line in declared}
    if "fastapi" in known:  # its public face is made of these two
        known |= {"starlette", "pydantic"}
    stray = set()
    for path in (path for path in MODULES if path.is_relative_to(ROOT / room)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for top in {word.partition(".")[0] for word in names} - set(sys.stdlib_module_names) - {"nutgiao"}:
                brought = {owner.lower().replace("_", "-").replace(".", "-") for owner in owners.get(top, [top])}
                stray |= set() if brought & known else {f"{name(path)}: {top}"}
    assert stray == set()


@pytest.mark.parametrize("lock", ["demo", "dev"])
def test_locks_are_whole_hashed_and_free_of_torch(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    pins = {match.lower() for match in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}
    blocks = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.splitlines()[0])
    extras = ["edge", "central", "sim"] + (["dev"] if lock == "dev" else [])
    lines = [line for extra in extras for line in PROJECT["project"]["optional-dependencies"][extra]]
    wanted = {Requirement(line).name.lower() for line in [*lines, *PROJECT["project"]["dependencies"]]}
    assert {one.replace(".", "-") for one in wanted} <= pins
    assert not pins & {"torch", "ultralytics"}


# --- import rules ---------------------------------------------------------------------------------------------------

PLANTED = {
    "edge/camera/planted.py": "import nutgiao.simulation.program",
    "edge/planted.py": "import nutgiao.central",
    "edge/track/planted.py": "import nutgiao.configs.loader",
    "edge/lanes/planted.py": "import fastapi",
    "edge/signal/planted.py": "def late():\n    import libsumo",
    "simulation/planted.py": "import nutgiao.edge.camera",
    "optimizer/planted.py": "import nutgiao.simulation",
    "central/planted.py": "import traci",
    "models/contracts/planted.py": "import sqlite3",
    "models/queueing/planted.py": "import nutgiao.optimizer",
    "models/vision/planted.py": "import time",
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder)} if folder != ROOT else dict(os.environ)
    command = [program("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_rooms_import_as_the_picture_says() -> None:
    told = lint(ROOT)
    assert told.returncode == 0, told.stdout


def test_every_planted_violation_is_caught(tmp_path: Path) -> None:
    """A rule over a package that the linter cannot see holds for nothing: this shows that it sees all rooms."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / "nutgiao" / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, text in PLANTED.items():
        (tmp_path / "nutgiao" / path).write_text(text + "\n", encoding="utf-8")
    told = lint(tmp_path)
    assert told.returncode == 1
    output = told.stdout
    modules = {"nutgiao." + path.removesuffix(".py").replace("/", ".") for path in PLANTED}
    assert {module for module in modules if f"{module} ->" not in output} == set()
    assert "0 kept" in output


def test_every_driver_of_the_edge_is_kept_from_configuration() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    [rule] = [rule for rule in contracts if rule.get("forbidden_modules") == ["nutgiao.configs"]]
    packages = {"nutgiao.edge." + path.parent.name for path in (ROOT / "edge").glob("*/__init__.py")}
    packages -= {"nutgiao.edge.calibrate"}  # no driver: it writes the site file, beside the process that reads it
    assert packages <= set(rule["source_modules"])


# --- what may not stand in a file, and what must --------------------------------------------------------------------

# in pieces, so that this file does not name them either
REGISTRIES = re.compile(
    "|".join(("py" r"pi\.org", "python" r"hosted\.org", "npm" r"js\.(?:org|com)", "deb" r"\.debian\."))
)
HERE = re.compile(r"(?<![\w.~-])/(?:" "wo" "rk|ro" "ot" r")/")


def test_no_registry_and_no_path_of_a_machine_is_committed() -> None:
    found = []
    for path in own_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name(path)}: {match.group()}" for match in (*REGISTRIES.finditer(text), *HERE.finditer(text))]
    assert found == []


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["project"]["license"] == "Apache-2.0"


@pytest.mark.parametrize("file", ["README.md", "NOTICE"])
def test_what_is_not_under_our_licence_is_told(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "AGPL-3.0" in text
    assert "ultralytics" in text.lower()
    assert "weights" in text


def test_makefile_and_ci_name_no_target_that_is_not_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(re.findall(r"make --no-print-directory ([a-z]+)", (ROOT / ".ci" / "run").read_text(encoding="utf-8")))
    assert asked
    assert asked <= targets
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
